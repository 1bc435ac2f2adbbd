"""Loops that polars has no expression for, compiled by numba: arrays in, arrays out.

A kernel walks the rows of one account after the other, so an account's result hangs on its own rows alone. The frame
builders call kernels and put what they return into columns; features stay expressions over those columns.

Rules of the room:

- `@njit(cache=True, nogil=True)` and nothing that lets the order of a float sum change (no `parallel`, no `fastmath`).
- numba keeps compiled code beside the source and looks at the kernel's own file only for changes. So a kernel calls
  kernels of its own module and no others: a stale result would go unseen.
- Types are the same at every call (the builders see to it), or each new one is compiled again.
- What a kernel computes has a naive twin in the tests.
"""
