/** Texts that name the archives of a release by their sums: SHA256SUMS, Homebrew, Scoop. */
import { VERSION } from "../../core/protocol/version.ts";
import type { Target } from "../targets.ts";

/** A file of the release and its SHA-256 in hexadecimal. */
export interface Sum {
  readonly file: string;
  readonly sha256: string;
}

const ABOUT = "Coding agent for the terminal and for programs, in one file";

/** The name of an archive without its folder. */
export function archiveName(target: Target, kind: string): string {
  return `rondo-${VERSION}-${target.name}.${kind}`;
}

/** As `sha256sum` writes and checks it. */
export function renderSums(sums: readonly Sum[]): string {
  return sums.map(({ file, sha256 }) => `${sha256}  ${file}\n`).join("");
}

/** A Homebrew formula (https://docs.brew.sh/Formula-Cookbook) for the systems it serves. */
export function renderFormula(
  baseUrl: string,
  sums: readonly Sum[],
  targets: readonly Target[],
): string {
  const parts = [["macos", "darwin"], ["linux", "linux"]].map(([name, os]) => {
    const rows = targets.filter(({ npm }) => npm.os === os).map((target) => {
      const file = archiveName(target, "tar.gz");
      return `    on_${target.npm.cpu === "arm64" ? "arm" : "intel"} do
      url "${baseUrl}/${file}"
      sha256 "${sumOf(sums, file)}"
    end
`;
    });
    return rows.length === 0 ? "" : `  on_${name} do\n${rows.join("")}  end\n`;
  });
  return `class Rondo < Formula
  desc "${ABOUT}"
  homepage "${homepageOf(baseUrl)}"
  version "${VERSION}"
  license "Apache-2.0"

${parts.filter((part) => part !== "").join("\n")}
  def install
    bin.install "rondo"
    man1.install "rondo.1"
    generate_completions_from_executable(bin/"rondo", "completion")
  end

  test do
    assert_match version.to_s, shell_output("#{bin}/rondo --version")
  end
end
`;
}

/** A Scoop manifest (https://github.com/ScoopInstaller/Scoop/wiki/App-Manifests). */
export function renderScoop(
  baseUrl: string,
  sums: readonly Sum[],
  target: Target,
): string {
  const file = archiveName(target, "zip");
  const manifest = {
    version: VERSION,
    description: ABOUT,
    homepage: homepageOf(baseUrl),
    license: "Apache-2.0",
    architecture: {
      "64bit": { url: `${baseUrl}/${file}`, hash: sumOf(sums, file) },
    },
    extract_dir: `rondo-${VERSION}`,
    bin: "rondo.exe",
  };
  return `${JSON.stringify(manifest, null, 2)}\n`;
}

// The releases of a repository lie below it.
function homepageOf(baseUrl: string): string {
  return baseUrl.replace(/\/releases\/.*/, "");
}

function sumOf(sums: readonly Sum[], file: string): string {
  const found = sums.find((sum) => sum.file === file);
  if (found !== undefined) return found.sha256;
  throw new Error(`Cannot name ${file}: not in this release, must be`);
}
