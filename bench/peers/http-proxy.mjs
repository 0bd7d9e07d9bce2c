import http from "node:http";
import httpProxy from "http-proxy";

const [port, backend] = process.argv.slice(2).map(Number);
const agent = new http.Agent({ keepAlive: true, maxFreeSockets: 1024 });
const proxy = httpProxy.createProxyServer({
  target: { host: "127.0.0.1", port: backend },
  xfwd: true,
  agent,
});
proxy.on("error", (_error, _request, response) => response.writeHead?.(502).end());
http.createServer((request, response) => proxy.web(request, response)).listen(port, "127.0.0.1");
