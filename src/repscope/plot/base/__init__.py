"""What all figures share: style, frames, panels, labels, words, files."""
