/** What a release is made of, as a CycloneDX bill of materials. */
import { VERSION } from "../../core/protocol/version.ts";

/** Of deno.lock (version 5), what is read here. */
export interface Lock {
  readonly npm: Readonly<
    Record<
      string,
      {
        readonly integrity: string;
        readonly dependencies?: readonly string[];
      }
    >
  >;
}

/** Of `deno info --json`, what is read here: the packages of a graph by name and version. */
export interface Graph {
  readonly npmPackages: Readonly<
    Record<string, { readonly name: string; readonly version: string }>
  >;
}

export interface Runtime {
  readonly version: string;
  readonly sha256: string;
}

/**
 * CycloneDX 1.6 (https://cyclonedx.org/docs/1.6/json/): the packages that the program's
 * modules import, with the hashes of the lock file, and the runtime. Throws where a package
 * is not in the lock file.
 */
export function buildSbom(
  graph: Graph,
  lock: Lock,
  about: { readonly commit: string; readonly runtime?: Runtime },
): Record<string, unknown> {
  const integrities = new Map(
    Object.entries(lock.npm).map(([id, { integrity }]) => [
      // Behind "_" stand the versions of its peers.
      id.replace(/(?<=.@[^_]*)_.*/, ""),
      integrity,
    ]),
  );
  const packages = new Map(
    Object.values(graph.npmPackages).map((found) => [
      `${found.name}@${found.version}`,
      found,
    ]),
  );
  return {
    $schema: "http://cyclonedx.org/schema/bom-1.6.schema.json",
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    version: 1,
    metadata: {
      component: {
        type: "application",
        "bom-ref": "rondo",
        name: "rondo",
        version: VERSION,
        licenses: [{ license: { id: "Apache-2.0" } }],
        properties: [{ name: "commit", value: about.commit }],
      },
    },
    components: [
      ...(about.runtime === undefined ? [] : [runtimeOf(about.runtime)]),
      ...[...packages.keys()].sort().map((id) =>
        packageOf(id, packages.get(id)?.name ?? "", integrities.get(id))
      ),
    ],
  };
}

function runtimeOf({ version, sha256 }: Runtime): Record<string, unknown> {
  return {
    type: "platform",
    "bom-ref": `deno@${version}`,
    name: "deno",
    version,
    purl: `pkg:github/denoland/deno@v${version}`,
    licenses: [{ license: { id: "MIT" } }],
    hashes: [{ alg: "SHA-256", content: sha256 }],
  };
}

// https://github.com/package-url/purl-spec: the "@" of a scope is percent-encoded.
function packageOf(
  id: string,
  name: string,
  integrity: string | undefined,
): Record<string, unknown> {
  if (integrity === undefined) {
    throw new Error(`Cannot list ${id}: not in deno.lock, must be`);
  }
  const purl = `pkg:npm/${id.replace(/^@/, "%40")}`;
  return {
    type: "library",
    "bom-ref": purl,
    name,
    version: id.slice(name.length + 1),
    purl,
    hashes: [{ alg: "SHA-512", content: toHex(integrity) }],
  };
}

// Subresource Integrity: "sha512-" and base64.
function toHex(integrity: string): string {
  return Uint8Array.fromBase64(integrity.replace(/^sha512-/, "")).toHex();
}
