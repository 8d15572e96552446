"""Measures what random weights cannot tell: a real model's folder, asked at cursors in real projects."""
