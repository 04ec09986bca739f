"""Similarity: are two paired sets alike in shape, whatever the axes?"""
