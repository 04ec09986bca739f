"""The verb ``view``: stages of a study on one map, to look at and to hand on."""
