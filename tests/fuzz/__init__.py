"""Damaged and hostile files of every format that is read: each is read, or refused with one clear error."""
