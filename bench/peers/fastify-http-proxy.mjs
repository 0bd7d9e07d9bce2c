import proxy from "@fastify/http-proxy";
import createFastify from "fastify";

const [port, backend] = process.argv.slice(2).map(Number);
const fastify = createFastify();
fastify.register(proxy, {
  upstream: `http://127.0.0.1:${backend}`,
  undici: { connections: 128, pipelining: 1 },
});
await fastify.listen({ port, host: "127.0.0.1" });
