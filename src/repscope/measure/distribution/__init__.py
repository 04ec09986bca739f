"""Distribution: are two sets of rows alike, without a link?"""
