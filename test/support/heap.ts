import { once } from "node:events";
import { WebSocket } from "ws";
import { until } from "./world.js";

export interface HeapFacts {
  /** What is left of the heap when all garbage is gone: what a leak adds to. */
  liveBytes: number;
  /** The same of buffers, which are beside the heap. */
  bufferBytes: number;
  /** Resident memory, garbage included. */
  residentBytes: number;
}

/** Looks into the memory of another process of Node, by its inspector; the process must have `--inspect-port=0`. */
export class HeapProbe {
  private last = 0;

  private constructor(private readonly socket: WebSocket) {}

  /** @param stderr what the process has written to it so far */
  static async attach(pid: number, stderr: () => string): Promise<HeapProbe> {
    const addresses = (): string[] => stderr().match(/ws:\/\/127\.0\.0\.1:\d+\/[0-9a-f-]+/g) ?? [];
    const before = addresses().length;
    process.kill(pid, "SIGUSR1");
    await until("the inspector to listen", () => addresses().length > before);
    const socket = new WebSocket(addresses().at(-1) ?? "");
    await once(socket, "open");
    return new HeapProbe(socket);
  }

  async look(): Promise<HeapFacts> {
    const before = await this.usage();
    // What the first one sets free may hold more.
    for (let round = 0; round < 2; round += 1) await this.ask("HeapProfiler.collectGarbage");
    const { heapUsed, external } = await this.usage();
    return { liveBytes: heapUsed, bufferBytes: external, residentBytes: before.rss };
  }

  end(): void {
    this.socket.terminate();
  }

  private async usage(): Promise<NodeJS.MemoryUsage> {
    const expression = "process.memoryUsage()";
    const { result } = (await this.ask("Runtime.evaluate", { expression, returnByValue: true })) as {
      result: { value: NodeJS.MemoryUsage };
    };
    return result.value;
  }

  private ask(method: string, params: object = {}): Promise<unknown> {
    this.last += 1;
    const id = this.last;
    return new Promise((resolve, reject) => {
      const take = (data: unknown): void => {
        const told = JSON.parse(String(data)) as {
          id?: number;
          result?: unknown;
          error?: { message: string };
        };
        if (told.id !== id) return;
        this.socket.off("message", take);
        if (told.error === undefined) resolve(told.result);
        else reject(new Error(`${method}: ${told.error.message}`));
      };
      this.socket.on("message", take);
      this.socket.send(JSON.stringify({ id, method, params }));
    });
  }
}
