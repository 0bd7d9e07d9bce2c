import { wallMs } from "../base/clock.js";
import type { Mode } from "../base/mode.js";
import { serverNamed, siteNamed } from "../plan/plan.js";
import type { Plan, RenderedTree } from "../plan/types.js";
import type { Renderer, RenderedVariantFile } from "../render/render.js";
import { doorsOf, gateServer, isGated } from "../servers/gate-doors.js";
import { holdsByItself } from "../servers/nginx-sites.js";
import type { Limit, ServerAdapter, SwitchPoint } from "../servers/adapter.js";
import type { ModeValues, ServerKind } from "../spec/types.js";
import { configTest, type ConfigTestResult } from "../verify/config-test.js";
import { observe, observeTraffic } from "../verify/observe.js";
import { prove, type ProveOptions } from "../verify/prove.js";
import { whyWorkersCannotRead } from "../verify/readable.js";
import { findMaster, type Master } from "../verify/running.js";
import type { Expected, Observation, Proof, Traffic } from "../verify/types.js";
import { ensureGate, stopGate } from "./gate-process.js";
import { refuseMode, refusing } from "./refusing.js";
import { wiredLimits } from "./wired.js";

/** All that a change asks of the machine besides its disk; tests put one in its place that lies. */
export interface Machine {
  findMaster(server: string): Promise<Master>;
  observe(point: SwitchPoint): Promise<Observation>;
  /** Requests at the backends and those that wait, as the workers of one server count them. */
  traffic(point: SwitchPoint): Promise<Traffic>;
  /** The modes that a server can have a site in. */
  modesOf(server: string, site: string): readonly Mode[];
  prove(point: SwitchPoint, expected: Expected, options: ProveOptions): Promise<Proof>;
  /** Tests the main config in `serverDir`, the server's folder of a rendered tree. */
  configTest(server: string, serverDir: string): Promise<ConfigTestResult>;
  /** What a config of the user's own has to do with holding its sites; refuse: of a hold. */
  wiredLimits(server: string): Promise<readonly Limit[]>;
  /** Why the running workers of a server could not read `path`; null when they can, or when that cannot be told. */
  whyUnreadable(server: string, path: string): Promise<string | null>;
  /** Sees to it that the gate serves, by what is rendered. @throws FenceError gate-failed */
  ensureGate(): Promise<void>;
  /** Ends the gate once nobody needs it; at once: it takes nothing new. */
  stopGate(when: "when idle" | "at once"): Promise<void>;
  renderVariant(point: SwitchPoint, values: ModeValues): readonly RenderedVariantFile[];
  renderTree(): RenderedTree;
  /** Unix time in milliseconds. */
  now(): number;
}

/** The machine itself. */
export function createMachine(
  plan: Plan,
  renderer: Renderer,
  adapterOf: (kind: ServerKind) => ServerAdapter,
): Machine {
  return {
    findMaster: (server) => findMaster(serverNamed(plan.spec, server)),
    observe: (point) => observe(plan, point),
    traffic: (point) => observeTraffic(plan, point),
    modesOf(name, site) {
      const server = serverNamed(plan.spec, name);
      const { modes } = adapterOf(server.kind);
      // The gate passes on to backends: a site that has none has nothing to be held for.
      const isDoorless =
        isGated(server) && doorsOf(plan.spec, server, siteNamed(plan.spec, site)).length === 0;
      const isUnheld = server.kind === "nginx-lua" && !holdsByItself(server, siteNamed(plan.spec, site));
      return isDoorless || isUnheld ? modes.filter((mode) => mode !== "hold") : modes;
    },
    prove: (point, expected, options) => prove(plan, point, expected, options),
    configTest(name, serverDir) {
      const server = serverNamed(plan.spec, name);
      return configTest(adapterOf(server.kind), server, serverDir);
    },
    async wiredLimits(name) {
      const server = serverNamed(plan.spec, name);
      return wiredLimits(plan.spec, server, (await findMaster(server)).pid);
    },
    whyUnreadable: (name, path) => whyWorkersCannotRead(serverNamed(plan.spec, name), path),
    async ensureGate() {
      const gate = gateServer(plan.spec);
      const socket = plan.gatePoints[0]?.controlSocket;
      if (gate !== null && socket) await ensureGate(plan.spec, gate, socket);
    },
    async stopGate(when) {
      const gate = gateServer(plan.spec);
      if (gate !== null) await stopGate(gate, when);
    },
    renderVariant(point, values) {
      refuseMode(plan, point.server, adapterOf(point.kind).modes, values.mode);
      return refusing(plan.spec, () => renderer.renderVariant(plan, point, values));
    },
    renderTree: () => refusing(plan.spec, () => renderer.renderTree(plan)),
    now: wallMs,
  };
}
