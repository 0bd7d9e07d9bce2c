import { writeFileSync } from "node:fs";
import path from "node:path";
import { versionOf } from "./program-version.js";
import { DOWN_HOST, UP_HOST, type DownAnswer, type Peer, type Stand } from "./peer.js";

const SHARED = {
  install: "apt install nginx",
  version: () => versionOf("nginx", ["-v"], /nginx\/(\S+)/),
  rooms: ["proxied", "static", "down", "sendfile", "fastcgi"],
  hasWorkers: true,
  async prepare(stand: Stand) {
    const file = path.join(stand.folder, "nginx.conf");
    writeFileSync(file, configText(stand));
    return { program: "nginx", args: ["-p", stand.folder, "-c", file, "-e", "stderr", "-g", "daemon off;"] };
  },
} as const;

/** What all others are measured against. */
export const NGINX: Peer = { name: "nginx", ...SHARED };

/** The same once more: how far its ratio is from 1 is the noise of the machine. */
export const NGINX_AGAIN: Peer = { name: "nginx-again", ...SHARED };

/** Tuned as one would: kept connections on both sides, sendfile, no log. */
function configText(stand: Stand): string {
  const { asked, folder, port, httpPort, fastcgiPort, files, down } = stand;
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
    (kind) => `  ${kind}_temp_path ${folder}/${kind};`,
  );
  const keep = "keepalive 1024; keepalive_requests 1000000000; keepalive_timeout 3600s;";
  const listen = `127.0.0.1:${port} backlog=4096${asked.workers > 1 ? " reuseport" : ""}`;
  return `
worker_processes ${asked.workers};
worker_rlimit_nofile 16384;
pid ${folder}/nginx.pid;
error_log stderr error;
events { worker_connections 8192; }
http {
  access_log off;
  server_tokens off;
  keepalive_requests 1000000000;
  keepalive_timeout 3600s;
  client_body_buffer_size 64k;
  sendfile on;
  tcp_nopush on;
  types { text/plain txt; }
  default_type application/octet-stream;
${temporary.join("\n")}
  upstream app { server 127.0.0.1:${httpPort}; ${keep} }
  upstream cgi { server 127.0.0.1:${fastcgiPort}; ${keep} }
  server {
    listen ${listen};
    server_name ${UP_HOST};
    location /files/ { alias ${files}/; }
    location /internal/ { internal; alias ${files}/; }
    location = /app.php {
      fastcgi_pass cgi;
      fastcgi_keep_conn on;
${FASTCGI_PARAMS.map((pair) => `      fastcgi_param ${pair};`).join("\n")}
      fastcgi_param SCRIPT_FILENAME ${files}$fastcgi_script_name;
    }
    location / {
      proxy_pass http://app;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header X-Forwarded-Proto $scheme;
      proxy_max_temp_file_size 0;
    }
  }
  server {
    listen 127.0.0.1:${port};
    server_name ${DOWN_HOST};
${downText(down)}
  }
}
`;
}

/** As in the fastcgi_params of its package. */
const FASTCGI_PARAMS = [
  "QUERY_STRING $query_string",
  "REQUEST_METHOD $request_method",
  "CONTENT_TYPE $content_type",
  "CONTENT_LENGTH $content_length",
  "SCRIPT_NAME $fastcgi_script_name",
  "REQUEST_URI $request_uri",
  "DOCUMENT_URI $document_uri",
  "DOCUMENT_ROOT $document_root",
  "SERVER_PROTOCOL $server_protocol",
  "REQUEST_SCHEME $scheme",
  "GATEWAY_INTERFACE CGI/1.1",
  "SERVER_SOFTWARE nginx/$nginx_version",
  "REMOTE_ADDR $remote_addr",
  "REMOTE_PORT $remote_port",
  "SERVER_ADDR $server_addr",
  "SERVER_PORT $server_port",
  "SERVER_NAME $server_name",
];

function downText({ fields, body }: DownAnswer): string {
  const isType = ([name]: readonly [string, string]): boolean => name.toLowerCase() === "content-type";
  const type = fields.find(isType)?.[1] ?? "text/html";
  return [
    `    default_type ${quoted(type)};`,
    ...fields
      .filter((field) => !isType(field))
      .map(([name, value]) => `    add_header ${name} ${quoted(value)} always;`),
    `    location / { return 503 ${quoted(body)}; }`,
  ].join("\n");
}

/** A string of nginx; a dollar sign in it would begin a variable, and no quoting says otherwise. */
function quoted(text: string): string {
  if (text.includes("$")) throw new Error("nginx cannot return a text with a dollar sign");
  return `"${text.replace(/[\\"]/g, "\\$&")}"`;
}
