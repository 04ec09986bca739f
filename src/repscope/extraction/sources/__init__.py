"""Where items come from: folders, tables, arrays, annotations, texts."""
