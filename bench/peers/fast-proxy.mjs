import http from "node:http";
import fastProxy from "fast-proxy";

const [port, backend] = process.argv.slice(2).map(Number);
// with undici it is faster than with its own agent
const undici = { connections: 128, pipelining: 1 };
const { proxy } = fastProxy({ base: `http://127.0.0.1:${backend}`, undici, cacheURLs: 0 });
http.createServer((request, response) => proxy(request, response, request.url, {})).listen(port, "127.0.0.1");
