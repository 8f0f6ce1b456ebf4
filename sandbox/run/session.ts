/** What one session knows of its sandbox: the proved back end, its roots, what it protects. */
import { SandboxUnavailable } from "../../core/protocol/error.ts";
import type { Files, Host } from "../../core/protocol/host.ts";
import type { SandboxPolicy } from "../../core/protocol/policy.ts";
import {
  type Backend,
  hasLandlock,
  type LaunchPlan,
  refuseWhatCannotBe,
} from "../backends/backend.ts";
import {
  type FactsRequest,
  type LaunchFacts,
  readLaunchFacts,
} from "../plan/facts.ts";
import type { GuardChanges } from "../guard/guard.ts";
import { readShown, readTop } from "../plan/shown.ts";
import { joinChanges } from "../guard/guard_shared.ts";
import type { Teller } from "../guard/guard_watch.ts";
import type { Stillness } from "../probe/stillness.ts";
import { type BackendChoice, findProved } from "../probe/candidates.ts";
import { ProvedBackends, type Told } from "../probe/proved_backends.ts";
import { type ConfinedPolicy, planSandbox } from "../plan/plan.ts";
import type { GuardItem } from "../plan/plan_guards.ts";
import { checkPolicy } from "../plan/policy_check.ts";
import { readableFiles } from "../plan/readable.ts";
import { SharedNetworks } from "../network/shared_networks.ts";
import { OrphanReaper } from "./orphans.ts";
import { type SharedDisk, sharedDisk } from "./shared_disk.ts";

export interface SandboxOptions {
  readonly host: Host;
  /** Absolute; never writable for commands. */
  readonly codexHome: string | undefined;
  /** Other paths that must never be writable; the program itself is always one. */
  readonly protectedPaths?: readonly string[];
  /** Where the outcome of the proof is kept for the next run; absent, it is not kept. */
  readonly proofHome?: string | undefined;
  /** A back end asked for by name; `none` runs everything plainly. */
  readonly backend?: BackendChoice;
  /** Collects a dead child that came to us from a command (waitpid). */
  readonly reapChild?: (pid: number) => boolean;
  /** Newest version of Landlock to use; for tests of older kernels. */
  readonly landlockAbiMax?: number;
}

/** A launch that is ready to be started, and must be finished afterwards. */
export type Prepared = LaunchPlan;

interface PlaceRequest {
  readonly policy: ConfinedPolicy;
  readonly workspace: string;
  readonly cwd: string;
  /** Folder of the thread's whole outputs, which its commands may read. */
  readonly spool?: string;
  /** Others with more rights may run at the same time. */
  readonly meetsOthers?: boolean;
}

/** Whether a policy asks for a sandbox of ours. */
export function isConfined(policy: SandboxPolicy): policy is ConfinedPolicy {
  return policy.mode === "read-only" || policy.mode === "workspace-write";
}

export class Session {
  readonly host: Host;
  readonly reaper: OrphanReaper;
  readonly networks: SharedNetworks;
  readonly #options: SandboxOptions;
  readonly #disk: SharedDisk;
  /** Where each root led when it was first seen. */
  readonly #roots = new Map<string, string>();
  readonly #backends: ProvedBackends;
  /** Commands that run now, in whatever way. */
  #running = 0;
  #isInUse = false;
  readonly #told = new Set<string>();

  constructor(options: SandboxOptions) {
    this.host = options.host;
    this.#options = options;
    this.#backends = new ProvedBackends(options.host, options);
    this.#disk = sharedDisk(options.host);
    this.networks = new SharedNetworks(options.host);
    this.reaper = new OrphanReaper(
      options.host,
      options.reapChild ?? (() => true),
    );
  }

  get stillness(): Stillness {
    return this.#disk.stillness;
  }

  /** Somebody asked for no sandbox at all. */
  get isOff(): boolean {
    return this.#options.backend === "none";
  }

  /** What can be said before a command runs. Throws UserError or SandboxUnavailable. */
  async loadTold(request: PlaceRequest): Promise<Prepared & Told> {
    this.#checkPolicy(request);
    const told = await this.#backends.told();
    const proved = findProved(told.attempts);
    return { ...await this.#loadPlan(request, { proved }), ...told };
  }

  async #loadPlan(
    request: PlaceRequest,
    { proved, findBelow }: {
      readonly proved: Backend | undefined;
      readonly findBelow?: FactsRequest["findBelow"];
    },
  ): Promise<Prepared> {
    const { policy } = request;
    const facts = await readLaunchFacts({
      ...request,
      host: this.host,
      codexHome: this.#options.codexHome,
      ownPaths: this.#ownPaths(),
      ...this.#program(),
      isPlanted: (path) => this.#disk.guards.wasAbsent(path),
      ...(findBelow !== undefined && { findBelow }),
      withModules: proved?.kind === "landlock" ||
        (policy.mode === "workspace-write" && policy.gitCommits),
    });
    this.#checkRoots(facts);
    const plan = planSandbox(policy, {
      ...facts,
      ...(proved?.kind === "landlock" && {
        shown: await readShown(
          this.host.files,
          facts.hidden,
          facts.readable?.map(({ real, isFolder }) => ({
            path: real,
            isFolder,
          })),
        ),
      }),
    }, this.host);
    if (proved === undefined) throw await this.#backends.unavailable();
    const backend = await this.#backends.fit(proved, plan, request);
    refuseWhatCannotBe(backend, plan, policy);
    if (!hasLandlock(backend)) return { backend, plan };
    return { backend, plan, top: await readTop(this.host.files) };
  }

  readable(policy: SandboxPolicy, workspace: string): Files {
    const { files } = this.host;
    if (!isConfined(policy)) return files;
    const { codexHome } = this.#options;
    return readableFiles(files, {
      policy,
      workspace,
      codexHome,
    });
  }

  /**
   * The plan and the proved back end for it, with what lies deeper in the roots, which takes a
   * search. Throws UserError or SandboxUnavailable.
   */
  async loadWholePlan(request: PlaceRequest): Promise<Prepared> {
    this.#checkPolicy(request);
    return await this.#loadPlan(request, {
      proved: await this.#backends.strongest(),
      findBelow: (roots) => this.#disk.guards.findBelow(roots),
    });
  }

  #checkPolicy({ policy, workspace }: PlaceRequest): void {
    checkPolicy(policy, { workspace, homeDir: this.host.homeDir() });
  }

  /** Counts a command as running while `work` lasts. */
  async counting<T>(work: () => Promise<T>): Promise<T> {
    this.#running++;
    if (!this.#isInUse) this.#disk.users++;
    this.#isInUse = true;
    try {
      return await work();
    } finally {
      this.#running--;
    }
  }

  /** Whether other commands run, or may begin at any time. */
  get hasOthers(): boolean {
    return this.#running > 1 || this.#disk.users > 1;
  }

  /** Plans, and holds still what the launch depends on. */
  async prepare(request: PlaceRequest): Promise<Prepared> {
    const { guards, turn } = this.#disk;
    return await turn.run(async () => {
      guards.begin();
      const first = await this.loadWholePlan(request);
      // A name can only be protected once there is something to mount over it.
      const prepared = first.plan.lacksOwn
        ? await this.#makeHome(request)
        : first;
      await guards.take(guardItems(prepared));
      return prepared;
    });
  }

  /** Puts back what the commands had changed. */
  async finish(): Promise<GuardChanges> {
    const { guards, turn, watch } = this.#disk;
    return await turn.run(async () => {
      const release = guards.release();
      if (guards.isIdle) watch.stop();
      return joinChanges([...watch.take(), await release]);
    });
  }

  /** A command lives on: what it plants is put back again and again until none runs. */
  watch(tell: Teller): () => void {
    return this.#disk.watch.start(tell);
  }

  /** Those of the sentences that were not given before. */
  takeUntold(sentences: readonly string[]): readonly string[] {
    const fresh = sentences.filter((sentence) => !this.#told.has(sentence));
    for (const sentence of fresh) this.#told.add(sentence);
    return fresh;
  }

  async #makeHome(request: PlaceRequest): Promise<Prepared> {
    const { codexHome } = this.#options;
    if (codexHome !== undefined) {
      await this.host.files.mkdir(codexHome, { mode: 0o700 });
    }
    return await this.loadWholePlan(request);
  }

  #program(): { readonly program?: string } {
    const [program] = this.host.selfCommand([]);
    return program === undefined ? {} : { program };
  }

  #ownPaths(): string[] {
    const { codexHome, protectedPaths = [] } = this.#options;
    const { program } = this.#program();
    return [codexHome, program, ...protectedPaths]
      .filter((path) => path !== undefined);
  }

  // An earlier command may have replaced a root by a link to somewhere else.
  #checkRoots(facts: LaunchFacts): void {
    for (const { path, real } of facts.roots) {
      const first = this.#roots.get(path);
      if (first === undefined) this.#roots.set(path, real);
      else if (first !== real) {
        throw new SandboxUnavailable(
          `Cannot make ${path} writable: it leads to ${real} now, must lead to ${first} as at the start`,
        );
      }
    }
  }
}

function guardItems({ backend, plan }: Prepared): readonly GuardItem[] {
  // Its profile denies by name, so nothing is left to put back.
  if (backend.kind === "seatbelt") return [];
  const guard = backend.kind === "landlock" ? plan.fullGuard : plan.guard;
  const absent = plan.absent.map((path): GuardItem => ({
    path,
    scope: "tree",
  }));
  return [...guard, ...absent];
}
