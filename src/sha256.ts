/** A SHA-256 as it is written in files, answers and configs: 64 hex digits, lower case. */
import { z } from "zod";

export const SHA256 = /^[0-9a-f]{64}$/;

export const sha256Text = z.string().regex(SHA256, "64 lower-case hex digits");
