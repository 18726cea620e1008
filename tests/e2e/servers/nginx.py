# SPDX-License-Identifier: ISC
"""nginx as the host of files over HTTPS."""

from .process import Process, accepts

CONF = """\
daemon off;
worker_processes 1;
pid "{folder}/nginx.pid";
error_log "{folder}/error.log";
events {{ worker_connections 64; }}
http {{
  log_format seen '$ssl_server_name $status "$request" "$http_user_agent"';
  access_log "{folder}/access.log" seen;
  types {{ text/plain txt; }}
  client_body_temp_path "{folder}/t1";
  proxy_temp_path "{folder}/t2";
  fastcgi_temp_path "{folder}/t3";
  uwsgi_temp_path "{folder}/t4";
  scgi_temp_path "{folder}/t5";
{servers}}}
"""

SERVER = """\
  server {{
    listen {address}:443 ssl;
    server_name {name};
    ssl_certificate "{cert}";
    ssl_certificate_key "{key}";
    root "{root}";
    {extra}
  }}
"""


class Nginx(Process):
    """sites: {name: (cert, key, more directives)}; all on address:443, and each
    with the files of a folder of its own, folder/NAME."""

    name = "nginx"

    def __init__(self, folder, address, sites):
        super().__init__(folder)
        self.address = address
        self.sites = sites

    def root(self, name):
        path = self.folder / name
        path.mkdir(exist_ok=True)
        return path

    def configure(self):
        servers = "".join(SERVER.format(
            address=self.address, name=name, cert=cert, key=key,
            root=self.root(name), extra=extra)
            for name, (cert, key, extra) in self.sites.items())
        (self.folder / "nginx.conf").write_text(CONF.format(
            folder=self.folder, servers=servers))

    def command(self):
        return ["nginx", "-p", str(self.folder), "-c",
                str(self.folder / "nginx.conf"), "-e",
                str(self.folder / "error.log"), "-g", "user root;"]

    def ready(self):
        return accepts(self.address, 443)

    def requests(self, name):
        """What was asked of this host so far: statuses and lines."""
        log = self.folder / "access.log"
        lines = log.read_text().splitlines() if log.exists() else []
        return [l.split(" ", 1)[1] for l in lines if l.startswith(name + " ")]
