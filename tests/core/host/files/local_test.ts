import assert from "node:assert/strict";
import { look } from "../../../../core/host/files/local.ts";
import { hasDistant } from "../../../../core/host/files/mounts.ts";

const LOCAL = `/dev/vda / ext4 rw,relatime 0 0
overlay /var/lib/x overlay rw 0 0
tmpfs /dev/shm tmpfs rw 0 0
systemd-1 /proc/sys/fs/binfmt_misc autofs rw 0 0
portal /run/user/1000/doc fuse.portal rw 0 0
`;

Deno.test("hasDistant() finds the file systems that wait for others", () => {
  assert.equal(hasDistant(LOCAL), false);
  for (
    const line of [
      "server:/home /home nfs4 rw 0 0",
      "//server/share /mnt/share cifs rw 0 0",
      "me@host:/ /home/me/far fuse.sshfs rw 0 0",
      "/etc/auto.home /home autofs rw 0 0",
      "drvfs /mnt/c 9p rw 0 0",
    ]
  ) {
    assert.equal(hasDistant(`${LOCAL}${line}\n`), true, line);
  }
});

Deno.test("look() gives the same both ways", async () => {
  const seen = await look(() => Deno.statSync("/"), () => Deno.stat("/"));
  assert.equal(seen.ino, (await Deno.stat("/")).ino);
});
