import http from "node:http";
import { createProxyServer } from "httpxy";

const [port, backend] = process.argv.slice(2).map(Number);
const agent = new http.Agent({ keepAlive: true, maxFreeSockets: 1024 });
const proxy = createProxyServer({ target: `http://127.0.0.1:${backend}`, xfwd: true, agent });
const answer = (request, response) => proxy.web(request, response).catch(() => response.writeHead(502).end());
http.createServer(answer).listen(port, "127.0.0.1");
