"""Before anything else: is somebody in danger, and what may only their own care team say?"""
