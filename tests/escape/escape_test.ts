import assert from "node:assert/strict";
import {
  becomeSubreaper,
  closeInheritedDescriptors,
  openLibc,
} from "../../core/host/system/libc.ts";
import { type BatteryResult, runBattery, type User } from "./battery.ts";
import { compileTricks, isThere, placeProgram, skipLoudly } from "./machine.ts";
import { caseName } from "./stage.ts";
import type { BackendChoice } from "../../sandbox/mod.ts";
import type { EscapeCase, Gap } from "./cases.ts";
import { FILE_CASES } from "./cases_files.ts";
import { GIT_CASES } from "./cases_git.ts";
import { KERNEL_CASES, OUTSIDE_CASES, USE_CASES } from "./cases_outside.ts";

const CASES = [
  ...FILE_CASES,
  ...GIT_CASES,
  ...OUTSIDE_CASES,
  ...KERNEL_CASES,
  ...USE_CASES,
];
const STRAY = `rondo-stray-${Deno.pid}`;
const IS_LINUX = Deno.build.os === "linux";

async function selectCases(user: User): Promise<EscapeCase[]> {
  const missing: string[] = [];
  for (const program of ["python3", "git", "bash"]) {
    if (!await isThere(program)) missing.push(program);
  }
  if (missing.length > 0) skipLoudly(`cases that need ${missing.join(", ")}`);
  const only = Deno.env.get("ESCAPE_ONLY");
  return CASES.filter((one) =>
    !(one.rootOnly && user !== "root") &&
    !(one.x86Only && Deno.build.arch !== "x86_64") &&
    !(one.needs !== undefined && missing.includes(one.needs)) &&
    (only === undefined || one.id.startsWith(only))
  );
}

/** A back end, and for Landlock the version it is held to. */
interface Form {
  readonly backend: Exclude<BackendChoice, "auto" | "none">;
  readonly landlockAbiMax?: number;
  /** In the built program instead of this one. */
  readonly isBuilt?: boolean;
}

/** What `deno task build` makes; with fewer permissions than a test has. */
const PROGRAM = decodeURIComponent(
  new URL("../../build/rondo", import.meta.url).pathname,
);

/** What every run plays, as root and as an ordinary user. */
const GATE: readonly Form[] = [
  { backend: "bwrap", isBuilt: true },
  { backend: "bwrap-landlock", isBuilt: true },
  { backend: "landlock", isBuilt: true },
];

/** Kernels and containers that can do less, and this program uncompiled. */
const SLOW: readonly Form[] = [
  { backend: "bwrap" },
  { backend: "bwrap-noproc" },
  { backend: "bwrap-nouserns" },
  { backend: "bwrap-landlock" },
  { backend: "landlock" },
  ...[1, 3, 5].map((landlockAbiMax): Form => ({
    backend: "landlock",
    landlockAbiMax,
  })),
];

function selectForms(): readonly Form[] {
  const only = Deno.env.get("ESCAPE_BACKEND");
  const isSlow = Deno.env.get("ESCAPE_FORMS") === "all" ||
    !GATE.some(({ backend }) => only === undefined || backend === only);
  const forms = isSlow ? [...GATE, ...SLOW] : GATE;
  return forms.filter(({ backend }) => only === undefined || backend === only);
}

function coversGap(gap: Gap, { backend, landlockAbiMax = 7 }: Form): boolean {
  const [kind = gap, below = "99"] = gap.split("<");
  const hasGap = kind === "pipes"
    ? backend !== "landlock" && backend !== "bwrap-landlock"
    : backend.startsWith(kind);
  return hasGap && landlockAbiMax < Number(below);
}

/** What went otherwise than it must, in sentences. */
function findSurprises(
  cases: readonly EscapeCase[],
  { form, control, result }: {
    readonly form: Form;
    readonly control: BatteryResult;
    readonly result: BatteryResult;
  },
): string[] {
  return cases.flatMap((one) => {
    const name = caseName(one);
    const isGap = one.gaps?.some((gap) => coversGap(gap, form));
    if (control.get(name) !== true || isGap) return [];
    const happened = result.get(name) === true;
    if (one.mustBe === "denied") return happened ? [`ESCAPED: ${one.id}`] : [];
    return happened ? [] : [`BROKEN: ${one.id}`];
  });
}

for (const user of ["root", "nobody"] as const) {
  Deno.test({
    name: `escape battery: nothing escapes and nothing breaks, as ${user}`,
    ignore: !IS_LINUX,
    fn: async (test) => {
      if (user === "root" && Deno.uid() !== 0) {
        return skipLoudly(
          "the battery as root: these tests run as somebody else",
        );
      }
      const folder = await Deno.makeTempDir();
      const place = await Deno.makeTempDir({ dir: "/var/tmp" });
      try {
        await Deno.chmod(place, 0o755);
        const deno = await placeProgram(place, Deno.execPath());
        const program = await isThere(PROGRAM)
          ? await placeProgram(place, PROGRAM)
          : undefined;
        const tricks = await compileTricks(folder);
        if (tricks === undefined) {
          return skipLoudly("all escape cases: gcc is missing");
        }
        await playAll(test, { user, tricks, deno, program });
      } finally {
        await Deno.remove(folder, { recursive: true });
        await Deno.remove(place, { recursive: true });
      }
    },
  });
}

async function playAll(
  test: Deno.TestContext,
  { user, tricks, deno, program }: {
    readonly user: User;
    readonly tricks: string;
    readonly deno: string;
    readonly program: string | undefined;
  },
): Promise<void> {
  const cases = await selectCases(user);
  const options = { cases, user, tricks, deno, strayName: STRAY };
  // Without CLOEXEC, as a careless parent would leave it to us.
  openLibc()?.memfd_create(new TextEncoder().encode(`${STRAY}\0`), 0);
  let control: BatteryResult = new Map();
  await test.step("positive control, without a sandbox", async () => {
    control = await runBattery({ ...options, backend: "none" });
    const silent = cases.filter((one) => control.get(caseName(one)) !== true);
    const broken = silent.filter(({ mustBe }) => mustBe === "allowed");
    assert.deepEqual(
      broken.map(({ id }) => id),
      [],
      "broken without a sandbox",
    );
    for (const { id } of silent) {
      console.error(`  no control on this kernel: ${id}`);
    }
    assert.ok(silent.length < cases.length / 4, "too few cases prove anything");
  });
  closeInheritedDescriptors();
  becomeSubreaper();
  for (const form of selectForms()) {
    const { backend, landlockAbiMax: abi, isBuilt } = form;
    // Without a user namespace only root can mount.
    if (backend === "bwrap-nouserns" && user !== "root") continue;
    const name = [
      backend,
      ...(abi === undefined ? [] : [`version ${abi}`]),
      ...(isBuilt ? ["in the built program"] : []),
    ].join(", ");
    await test.step(`under ${name}`, async () => {
      if (backend.startsWith("bwrap") && !await isThere("bwrap")) {
        return skipLoudly("bubblewrap is not installed");
      }
      if (isBuilt && program === undefined) {
        return skipLoudly("the program is not built");
      }
      const result = await runBattery({
        ...options,
        ...form,
        ...(isBuilt && program !== undefined && { program }),
      });
      const surprises = findSurprises(cases, { form, control, result });
      console.error(
        `  ${result.size} cases, surprises: ${surprises.join("; ") || "none"}`,
      );
      assert.deepEqual(surprises, []);
    });
  }
}
