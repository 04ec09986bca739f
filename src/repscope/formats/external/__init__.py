"""Files of other tools: AnnData, Hugging Face, projector, FiftyOne, Atlas."""
