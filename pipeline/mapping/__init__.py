"""Exports as people have them, read as the tables of the data contract: what a mapping says, and how one is guessed.

`specification` is what a mapping file may say and `checking` reads one; `files` and `nested` read any export as raw
cells, `numbers` and `dates` read their texts, `apply` writes the tables. `shapes`, `names`, `infer`, `likeness`,
`joining` and `guess` look at a folder and propose a mapping, `ask` lets a person decide what is unsure, and `writing`
puts it into a file with the grounds beside it.
"""
