"""What is kept, and how it survives: sets, items, links, manifests, shards."""

from repscope.study.embeddings import EmbeddingSet
from repscope.study.links import Link, link, pair_rows
from repscope.study.manifest import Manifest, Shard, Skipped
from repscope.study.settings import SetLink
from repscope.study.study import Study
from repscope.study.writer import SetWriter

__all__ = [
    "EmbeddingSet",
    "Link",
    "Manifest",
    "SetLink",
    "SetWriter",
    "Shard",
    "Skipped",
    "Study",
    "link",
    "pair_rows",
]
