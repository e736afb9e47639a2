"""Models in the odd shapes that shops have them in, each for some test of the seam. Without migrations."""
