"""Alignment: do items and their references lie together, each with its own?"""
