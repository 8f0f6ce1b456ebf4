/** A small shell that outlives this program when it is killed, and ends what it left behind. */
import {
  fcntl,
  keepFromChildren,
  keepFromReaping,
  openLibc,
} from "./system/libc.ts";
import { nothingKind, standIn } from "./system/null_device.ts";

const F_SETFL = 4n;
const O_NONBLOCK = 0o4000n;
/** Words of ended commands that are still told: what they left is found a moment later. */
const ENDED_KEPT = 16;

/**
 * Reads what is alive from a pipe whose other end only this program holds. It is closed on
 * exec, so at its end no child of ours is still on its way to becoming its program: all of
 * them can be found, by their session or by a word of their environment. bwrap dies with its
 * parent, but what it has just forked does not yet, and may even wait for it for ever.
 */
const SCRIPT = `exec <"/proc/self/fd/$0" || exit
pids=' ' marks=' '
while read -r op word; do
  case $op in
    pid) pids="$pids$word " ;;
    mark) marks="$marks$word " ;;
    drop)
      case $pids in *" $word "*) pids="\${pids%% $word *} \${pids#* $word }" ;; esac
      case $marks in *" $word "*) marks="\${marks%% $word *} \${marks#* $word }" ;; esac ;;
    over) exit ;;
  esac
done
calm=0 rounds=0
while [ $calm -lt 20 ] && [ $rounds -lt 200 ]; do
  calm=$((calm + 1)) rounds=$((rounds + 1))
  found=
  [ "$marks" = ' ' ] || found=$(printf '%s\\n' $marks | grep -lF -f - /proc/[0-9]*/environ)
  for stat in /proc/[0-9]*/stat; do
    read -r line <"$stat" || continue
    set -- \${line##*) }
    case "$1$pids" in
      Z*) ;;
      *" $4 "*) found="$found $stat" ;;
    esac
  done
  for path in $found; do
    path=\${path#/proc/}
    kill -9 "\${path%%/*}" && calm=0
  done
  sleep 0.1 || sleep 1
done`;

let writer: number | undefined;
let isStarted = false;
const ended: string[] = [];

/** Has a process and its session ended when this program is killed. */
export function keepProcess(pid: number): void {
  tell("pid", String(pid));
}

/** The same for every process with this word in its environment; to be said before it starts. */
export function keepMarked(mark: string): void {
  tell("mark", mark);
}

/** It has ended by itself. */
export function dropKept(pid: number, mark: string | undefined): void {
  tell("drop", String(pid));
  if (mark !== undefined) dropMark(mark);
}

/** Nothing has it any more, or never had. */
export function dropMark(mark: string): void {
  ended.push(mark);
  for (const old of ended.splice(0, ended.length - ENDED_KEPT)) {
    tell("drop", old);
  }
}

// Without one bwrap's own care has to do.
function tell(op: string, word: string): void {
  if (!isStarted) {
    isStarted = true;
    writer = startKeeper();
    // Whoever leaves in good order has ended its commands.
    globalThis.addEventListener("unload", () => tell("over", ""));
  }
  if (writer === undefined) return;
  const line = new TextEncoder().encode(`${op} ${word}\n`);
  openLibc()?.write(writer, line);
}

function startKeeper(): number | undefined {
  const ends = new Int32Array(2);
  const libc = openLibc();
  if (libc?.pipe(new Uint8Array(ends.buffer)) !== 0) return undefined;
  const [reader = -1, writer = -1] = ends;
  keepFromChildren(writer);
  // A keeper that somebody stopped must not stop us.
  fcntl(writer, F_SETFL, O_NONBLOCK);
  try {
    const nothing = nothingKind();
    // In a session of its own: no signal to our group reaches it. Nobody waits for it.
    const keeper = new Deno.Command("setsid", {
      args: ["/bin/sh", "-c", SCRIPT, String(reader)],
      cwd: "/",
      env: { PATH: "/usr/bin:/bin" },
      clearEnv: true,
      stdin: nothing,
      stdout: nothing,
      stderr: nothing,
    }).spawn();
    if (nothing === "piped") {
      standIn(keeper, { stdin: true, stdout: true, stderr: true });
    }
    keeper.unref();
    keepFromReaping(keeper.pid, keeper.status);
    return writer;
  } catch {
    libc.close(writer);
    return undefined;
  } finally {
    libc.close(reader);
  }
}
