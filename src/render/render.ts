import { createHash } from "node:crypto";
import { serverNamed, siteNamed } from "../plan/plan.js";
import type { Plan, RenderedFile, RenderedTree } from "../plan/types.js";
import type { PlannedFile, ServerAdapter, SwitchPoint } from "../servers/adapter.js";
import { hostEncoders } from "../servers/encode-host.js";
import type { ModeValues, ServerKind } from "../spec/types.js";
import { createTemplates, type RenderTemplate } from "./templates.js";

export interface Renderer {
  /** Every file of the output folder; the same spec gives the same bytes on every machine. */
  renderTree(plan: Plan): RenderedTree;
  /** The files of the variant that makes `point`'s server show `values`. For form "file" exactly one. */
  renderVariant(plan: Plan, point: SwitchPoint, values: ModeValues): RenderedVariantFile[];
}

export interface RenderedVariantFile {
  name: string;
  content: string;
}

export function createRenderer(adapterOf: (kind: ServerKind) => ServerAdapter): Renderer {
  const engines = new Map<string, RenderTemplate>();
  const engineOf = (kind: ServerKind | "host"): RenderTemplate => {
    let engine = engines.get(kind);
    if (!engine) {
      engine = createTemplates(kind === "host" ? hostEncoders : adapterOf(kind).encoders);
      engines.set(kind, engine);
    }
    return engine;
  };

  const renderFile = (plan: Plan, file: PlannedFile): RenderedFile => {
    const folder = file.path.slice(0, file.path.indexOf("/"));
    const kind = file.template.startsWith("host/") ? "host" : serverNamed(plan.spec, folder).kind;
    return {
      path: file.path,
      content: engineOf(kind)(file.template, file.values),
      executable: file.executable,
      wiring: file.wiring,
    };
  };

  return {
    renderTree(plan) {
      const files = plan.files.map((file) => renderFile(plan, file)).sort(byPath);
      return { digest: digestOf(files), files };
    },
    renderVariant(plan, point, values) {
      const server = serverNamed(plan.spec, point.server);
      const site = siteNamed(plan.spec, point.site);
      const files = adapterOf(point.kind).variant(plan.spec, server, site, values);
      const render = engineOf(point.kind);
      return files.map(({ name, source }) => ({
        name,
        content: "content" in source ? source.content : render(source.template, source.values),
      }));
    },
  };
}

/** Code unit order, not the locale's: CI and host must agree. */
function byPath(a: RenderedFile, b: RenderedFile): number {
  return a.path < b.path ? -1 : 1;
}

function digestOf(files: readonly RenderedFile[]): string {
  const hash = createHash("sha256");
  for (const file of files) {
    hash.update(`${file.path}\0${file.executable ? "x" : "-"}\0${Buffer.byteLength(file.content)}\0`);
    hash.update(file.content);
  }
  return hash.digest("hex");
}
