"""Attention: the weights as the model computed them, and what they say."""
