import { writeFileSync } from "node:fs";
import path from "node:path";
import type { Peer, Stand } from "./peer.js";
import { versionOf } from "./program-version.js";

export const HAPROXY: Peer = {
  name: "haproxy",
  install: "apt install haproxy",
  version: () => versionOf("haproxy", ["-v"], /version (\S+)/),
  rooms: ["proxied"],
  hasWorkers: true,
  async prepare(stand) {
    return { program: "haproxy", args: ["-db", "-f", written(stand, "haproxy.cfg", haproxyText(stand))] };
  },
};

/** `maxconn` of the backend is what lets it keep more than a few connections. */
function haproxyText({ asked, port, httpPort }: Stand): string {
  return `
global
  nbthread ${asked.workers}
  maxconn 8000
defaults
  mode http
  timeout connect 5s
  timeout client 1h
  timeout server 1h
  timeout http-keep-alive 1h
  option forwardfor
  http-reuse always
frontend f
  bind 127.0.0.1:${port} backlog 4096
  default_backend b
backend b
  http-request set-header X-Forwarded-Proto http
  server s1 127.0.0.1:${httpPort} pool-max-conn -1 maxconn 4000
`;
}

export const CADDY: Peer = {
  name: "caddy",
  install: "apt install caddy",
  version: () => versionOf("caddy", ["version"], /^v?(\d\S*)/),
  rooms: ["proxied", "static"],
  hasWorkers: true,
  async prepare(stand) {
    const file = written(stand, "Caddyfile", caddyText(stand));
    const { folder, asked } = stand;
    return {
      program: "caddy",
      args: ["run", "--adapter", "caddyfile", "--config", file],
      env: {
        GOMAXPROCS: String(asked.workers),
        HOME: folder,
        XDG_DATA_HOME: folder,
        XDG_CONFIG_HOME: folder,
      },
    };
  },
};

function caddyText({ port, httpPort, files }: Stand): string {
  return `
{
  admin off
  auto_https off
  log {
    level ERROR
  }
}
http://:${port} {
  bind 127.0.0.1
  handle_path /files/* {
    root * ${files}
    file_server
  }
  handle {
    reverse_proxy 127.0.0.1:${httpPort} {
      transport http {
        keepalive 1h
        keepalive_idle_conns 4096
        keepalive_idle_conns_per_host 4096
        compression off
      }
    }
  }
}
`;
}

/** One process; its mod_proxy of 1.4.69 keeps no connection to a backend. */
export const LIGHTTPD: Peer = {
  name: "lighttpd",
  install: "apt install lighttpd",
  version: () => versionOf("lighttpd", ["-v"], /lighttpd\/(\S+)/),
  rooms: ["proxied", "static"],
  hasWorkers: false,
  async prepare(stand) {
    return { program: "lighttpd", args: ["-D", "-f", written(stand, "lighttpd.conf", lighttpdText(stand))] };
  },
};

function lighttpdText({ port, httpPort, files }: Stand): string {
  return `
server.modules = ("mod_alias", "mod_proxy")
server.document-root = "${files}"
server.bind = "127.0.0.1"
server.port = ${port}
server.max-keep-alive-requests = 1000000
server.max-keep-alive-idle = 3600
server.max-fds = 16384
server.max-connections = 8192
server.listen-backlog = 4096
server.stream-response-body = 1
server.stream-request-body = 1
mimetype.assign = ("" => "application/octet-stream")
alias.url = ("/files/" => "${files}/")
$HTTP["url"] !~ "^/files/" { proxy.server = ("" => (("host" => "127.0.0.1", "port" => ${httpPort}))) }
`;
}

function written({ folder }: Stand, name: string, text: string): string {
  const file = path.join(folder, name);
  writeFileSync(file, text);
  return file;
}
