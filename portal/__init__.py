"""The shell: one application object, sign-in, rights at the edge, design system, command line."""

import gc
import inspect

# What an import or a page makes is seldom in a cycle: with Python's own threshold, a fifth of what starting takes and a
# tenth of what acts take went into looking for cycles again and again.
gc.set_threshold(50_000)

# Reflex asks `inspect` for the frames of whoever names a file of its pages. It would look for the module of each frame
# of the import machinery among all modules: thirty times sixty searches, a second in all.
inspect.modulesbyfile["<frozen importlib._bootstrap>"] = "importlib._bootstrap"
inspect.modulesbyfile["<frozen importlib._bootstrap_external>"] = "importlib._bootstrap_external"
