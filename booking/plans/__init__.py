"""Plans that the optimizer proposes: asked for, followed, compared, applied, taken back."""
