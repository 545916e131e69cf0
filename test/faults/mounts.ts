/** File systems of a few megabytes, mounted for a test and gone with it. Only root may mount. */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";

export interface Mount {
  readonly folder: string;
  /** @param options - as of `mount -o remount,…`. @throws Error where it is refused. */
  remount(options: string): void;
  remove(): void;
}

/** Whether this user, in this place, may mount at all. */
export function canMount(): boolean {
  try {
    mountMemory("64k").remove();
    return true;
  } catch {
    return false;
  }
}

/**
 * A file system in memory.
 *
 * @param size - as `mount` takes it: `4m`. @param folder - made for it, and gone with it; by default one of its own.
 */
export function mountMemory(size: string, folder = mkdtempSync(join(tmpdir(), "countersign-mount-"))): Mount {
  mkdirSync(folder, { recursive: true });
  try {
    run("mount", "-t", "tmpfs", "-o", `size=${size},mode=700`, "countersign-test", folder);
  } catch (error) {
    rmSync(folder, { recursive: true });
    throw error;
  }
  return mounted(folder, () => {});
}

/** @property fail - the file system finds itself broken and turns read-only, as on a failing disk. */
export interface DiskMount extends Mount {
  fail(): void;
  /** Mounts it again, checked, after {@link Mount.remove}'s first half. */
  repair(): void;
}

/** An ext4 in a file. @returns undefined where there is no loop device or no ext4 to be had. */
export function mountDisk(megabytes: number): DiskMount | undefined {
  const folder = mkdtempSync(join(tmpdir(), "countersign-disk-"));
  const image = `${folder}.img`;
  const dispose = (): void => rmSync(image, { force: true });
  let device = "";
  const mount = (): void => {
    run("mount", "-t", "ext4", "-o", "errors=remount-ro", device, folder);
  };
  try {
    writeFileSync(image, "");
    truncateSync(image, megabytes * 1024 * 1024);
    run("mkfs.ext4", "-q", "-O", "^has_journal", image);
    device = run("losetup", "-f", "--show", image).trim();
    mount();
  } catch {
    if (device !== "") spawnSync("losetup", ["-d", device]);
    dispose();
    rmSync(folder, { recursive: true });
    return undefined;
  }
  return {
    ...mounted(folder, () => {
      spawnSync("losetup", ["-d", device]);
      dispose();
    }),
    fail: () => writeFileSync(`/sys/fs/ext4/${basename(device)}/trigger_fs_error`, "a test"),
    repair: () => {
      run("umount", folder);
      // 1: it had to be mended.
      const { status } = spawnSync("fsck.ext4", ["-fy", device]);
      if (status === null || status > 1) throw new Error(`the file system is not mended: ${status}`);
      mount();
    },
  };
}

function mounted(folder: string, dispose: () => void): Mount {
  return {
    folder,
    remount: (options) => {
      run("mount", "-o", `remount,${options}`, folder);
    },
    remove: () => {
      run("umount", "--lazy", folder);
      dispose();
      rmSync(folder, { recursive: true });
    },
  };
}

function run(command: string, ...parts: readonly string[]): string {
  return execFileSync(command, parts, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
}
