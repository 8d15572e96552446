"""Code actions: what a user asks of a model by hand. One action a file; what they share stands in files named after it.

What a model returns becomes text to read, marks in a file, or an edit that a person confirms, in the range they chose. Nothing
here writes, runs or fetches.
"""
