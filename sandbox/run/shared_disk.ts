/** What all sandboxes of a program share: the disk that their commands change. */
import type { Host } from "../../core/protocol/host.ts";
import { Mutex } from "../../core/util/async.ts";
import { NO_CHANGES, SharedProtection } from "../guard/guard_shared.ts";
import { GuardWatch } from "../guard/guard_watch.ts";
import { Stillness } from "../probe/stillness.ts";

/** Threads of a server have a sandbox each, and may work in one folder. */
export class SharedDisk {
  readonly guards: SharedProtection;
  readonly stillness: Stillness;
  readonly watch: GuardWatch;
  /** Looking at the disk and putting it back must not overlap. */
  readonly turn = new Mutex();
  /** How many sandboxes have run a command. */
  users = 0;

  constructor(host: Host) {
    this.guards = new SharedProtection(host);
    this.stillness = new Stillness(host);
    this.watch = new GuardWatch(
      host,
      () =>
        this.turn.run(async () =>
          this.guards.isIdle
            ? NO_CHANGES
            : await this.guards.putBackOrTake(this.stillness)
        ),
    );
  }
}

const disks = new WeakMap<Host, SharedDisk>();

/** The one of this host. */
export function sharedDisk(host: Host): SharedDisk {
  const known = disks.get(host);
  if (known !== undefined) return known;
  const disk = new SharedDisk(host);
  disks.set(host, disk);
  return disk;
}
