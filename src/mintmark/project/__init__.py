"""The hall: the only wiring, one method for each verb, no logic of its own."""

from mintmark.project.answer import Answer
from mintmark.project.demo import DemoSettings, play
from mintmark.project.project import Project

__all__ = ["Answer", "DemoSettings", "Project", "play"]
