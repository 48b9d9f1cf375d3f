"""The drawing room: everything the pictures of the embedded sample are drawn with, in NumPy alone.

No font, no photo, no random generator of a library: the same code gives the same pixels in every version of Pillow.
"""
