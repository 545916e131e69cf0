/**
 * Methods that change who rules a contract or what code it runs, and those whose calls hide what they do. The tables are
 * the host's: a release may add to them, and can't make one of these harmless.
 */
import type { Hex } from "./call.ts";
import type { Outcome, Readings, Site } from "./reading.ts";

const ADMIN: readonly (readonly [Hex, string])[] = [
  // Ownable, Ownable2Step and their relatives.
  ["0xf2fde38b", "transferOwnership(address newOwner)"],
  ["0x078dfbe7", "transferOwnership(address newOwner,bool direct,bool renounce)"],
  ["0x715018a6", "renounceOwnership()"],
  ["0x79ba5097", "acceptOwnership()"],
  ["0x4e71e0c8", "claimOwnership()"],
  ["0x13af4035", "setOwner(address newOwner)"],
  ["0xa6f9dae1", "changeOwner(address newOwner)"],
  ["0x7a9e5e4b", "setAuthority(address newAuthority)"],
  ["0x704b6c02", "setAdmin(address newAdmin)"],
  ["0x4dd18bf5", "setPendingAdmin(address newPendingAdmin)"],
  ["0x0e18b681", "acceptAdmin()"],
  ["0xb71d1a0c", "_setPendingAdmin(address newPendingAdmin)"],
  ["0xe9c714f2", "_acceptAdmin()"],
  ["0xab033ea9", "setGovernance(address governance)"],
  // AccessControl.
  ["0x2f2ff15d", "grantRole(bytes32 role,address account)"],
  ["0xd547741f", "revokeRole(bytes32 role,address account)"],
  ["0x36568abe", "renounceRole(bytes32 role,address account)"],
  ["0x634e93da", "beginDefaultAdminTransfer(address newAdmin)"],
  ["0xcefc1429", "acceptDefaultAdminTransfer()"],
  // Proxies.
  ["0x3659cfe6", "upgradeTo(address newImplementation)"],
  ["0x4f1ef286", "upgradeToAndCall(address newImplementation,bytes data)"],
  ["0x99a88ec4", "upgrade(address proxy,address implementation)"],
  ["0x9623609d", "upgradeAndCall(address proxy,address implementation,bytes data)"],
  ["0x8f283970", "changeAdmin(address newAdmin)"],
  ["0x7eff275e", "changeProxyAdmin(address proxy,address newAdmin)"],
  ["0xd784d426", "setImplementation(address newImplementation)"],
  ["0xbb913f41", "_setImplementation(address implementation)"],
  [
    "0x1f931c1c",
    "diamondCut((address facetAddress,uint8 action,bytes4[] selectors)[] cut,address init,bytes data)",
  ],
  // Safe.
  ["0x0d582f13", "addOwnerWithThreshold(address owner,uint256 threshold)"],
  ["0xf8dc5dd9", "removeOwner(address prevOwner,address owner,uint256 threshold)"],
  ["0xe318b52b", "swapOwner(address prevOwner,address oldOwner,address newOwner)"],
  ["0x694e80c3", "changeThreshold(uint256 threshold)"],
  ["0x610b5925", "enableModule(address module)"],
  ["0xe009cfde", "disableModule(address prevModule,address module)"],
  ["0xe19a9dd9", "setGuard(address guard)"],
  ["0xe068df37", "setModuleGuard(address moduleGuard)"],
  ["0xf08a0323", "setFallbackHandler(address handler)"],
  ["0x7de7edef", "changeMasterCopy(address masterCopy)"],
  [
    "0xb63e800d",
    "setup(address[] owners,uint256 threshold,address to,bytes data,address fallbackHandler,address paymentToken,uint256 payment,address paymentReceiver)",
  ],
];

function admin(_: unknown, { contract, place }: Site): Outcome {
  return { effects: [{ type: "admin", from: place.from, to: contract }] };
}

export const ADMIN_READINGS: Readings = ADMIN.map(
  ([selector, signature]) => [selector, { signature, read: admin }] as const,
);

/**
 * - ERC-4337's entry point, 0.6 and later: whoever signed its operations does what they say.
 * - A Safe's `approveHash`: a Safe transaction of which nothing but the hash is here.
 */
export const OPAQUE_SELECTORS: ReadonlySet<string> = new Set([
  "0x1fad948c",
  "0x4b1d7cf5",
  "0x765e827f",
  "0xdbed18e0",
  "0xd4d9bdcd",
]);
