"""The service as it is, and endpoints that can be overloaded."""

from src.app import app
from tests.bench.apps.work import add_work

add_work(app)
