/**
 * Which addresses webhooks may go to: public unicast ones and, beyond them, the ranges that the
 * installation allows by name. Everything else is refused: private, loopback, link-local (where
 * clouds keep their metadata), shared, multicast, reserved, and IPv6 addresses that embed an IPv4
 * one in a way that a gateway may undo.
 */
import ipaddr from 'ipaddr.js';

/** Public by its number, and yet the inside of a cloud: Azure's WireServer. */
const NOT_PUBLIC = [ipaddr.parseCIDR('168.63.129.16/32')];

type Range = [ipaddr.IPv4 | ipaddr.IPv6, number];

/** Why the address is refused; null where it may be reached. */
export type AddressPolicy = (address: string) => string | null;

function within(address: ipaddr.IPv4 | ipaddr.IPv6, ranges: readonly Range[]): boolean {
  return ranges.some((range) => address.kind() === range[0].kind() && address.match(range));
}

/** Throws where `allow` is no list of CIDR ranges. */
export function addressPolicy(allow: readonly string[]): AddressPolicy {
  const allowed = allow.map((range): Range => ipaddr.parseCIDR(range));
  return (text) => {
    if (!ipaddr.isValid(text)) return `${text} is no address`;
    // ::ffff:127.0.0.1 is 127.0.0.1.
    const address = ipaddr.process(text);
    if (within(address, allowed)) return null;
    const range = within(address, NOT_PUBLIC) ? 'reserved' : address.range();
    return range === 'unicast' ? null : `${address.toString()} is not public (${range})`;
  };
}
