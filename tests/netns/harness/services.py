"""Servers of services that are shipped with the program, each as small as its definition needs."""

import json

from . import daemon as program
from .expect import HOME
from .server import Reply, good

ZONE = "example.org"


class Service:
    """.answer for a Server. .spoil = (step, Reply) spoils the answers to one step; who asks for it is not served."""

    name = "dyndns2"
    steps = ("update",)

    def __init__(self):
        self.spoil = None
        self.address = None  # of the record

    def section(self, server, **keys):
        return program.account(server, title=self.name, **keys)

    def answer(self, request):
        step = self.step_of(request)
        if self.spoil and self.spoil[0] == step:
            return self.spoil[1]
        return self.serve(step, request)

    def step_of(self, request):
        return "update"

    def serve(self, step, request):
        self.address = request.query["myip"]
        return good(request)


class Njalla(Service):
    """One GET, whose answer is JSON."""

    name = "njalla"

    def section(self, server, **keys):
        return super().section(server, username=None, **keys)

    def serve(self, step, request):
        self.address = request.query["a"]
        return json.dumps({"status": 200, "message": "record updated", "value": {"A": self.address}})


class Cloudflare(Service):
    """The zone, its record, and then the change."""

    name = "cloudflare"
    steps = ("zone", "record", "update")
    others = ()  # records beside ours
    absent = False  # there is no record yet

    def section(self, server, **keys):
        return program.account(server.url + "/client/v4", title=self.name, username=None, **keys)

    def step_of(self, request):
        written = {"PATCH": "update", "POST": "create"}.get(request.method)
        return written or ("zone" if request.path.endswith("/zones") else "record")

    def serve(self, step, request):
        if step == "zone":
            result = [{"id": "z1", "name": ZONE}]
        elif step == "record":
            ours = {"id": "r1", "type": "A", "name": HOME, "content": self.address or "192.0.2.1"}
            result = [*([] if self.absent else [ours]), *self.others]
        else:
            self.address = json.loads(request.body)["content"]
            self.absent = False
            result = {"id": "r1", "content": self.address}
        return json.dumps({"success": True, "errors": [], "result": result})


def nobody(request):
    """Of a server that is not to be asked."""
    return Reply(status=404, body="")
