import type { Firmware } from '../../image/types.ts';
import { readMacList } from '../custom-macs.ts';
import type { Add } from '../finding.ts';
import { sdkconfigOf } from '../lint/sdkconfig.ts';
import type { NamedFiles } from '../named-files.ts';
import type { Recipe } from '../types.ts';

/** The list of a product's own MAC addresses, and whether its firmware looks at them. Pure. */
export function checkCustomMac(
  { customMac, chip }: Recipe,
  firmware: Firmware | null,
  files: NamedFiles,
  add: Add,
): void {
  const uses = 'ESP_MAC_USE_CUSTOM_MAC_AS_BASE_MAC';
  const isBase = firmware !== null && sdkconfigOf(firmware)?.options.get(uses)?.value === 'y';
  if (customMac === undefined) {
    // (from source: esp_hw_support/mac_addr.c, get_efuse_mac_custom)
    if (isBase)
      add({
        severity: 'warning',
        check: 'custom-mac-missing',
        file: 'sdkconfig',
        line: sdkconfigOf(firmware)?.options.get(uses)?.line ?? 1,
        what: `The build takes its base address from the eFuses of a product's own MAC address (CONFIG_${uses}), and the recipe burns none: where there is none, Wi-Fi, Bluetooth and Ethernet get no address and do not start.`,
        remedy: 'Add custom_mac with a list of addresses, or set the option off.',
      });
    return;
  }
  const bytes = files.get(customMac.list);
  const reading = bytes === undefined ? null : readMacList(bytes, customMac.column);
  for (const { line, what, remedy } of reading?.mistakes ?? [])
    add({ check: 'custom-mac-list', file: customMac.list, line, what, remedy });
  const options = firmware === null ? undefined : sdkconfigOf(firmware)?.options;
  if (options === undefined) return;
  if (!isBase)
    add({
      severity: 'info',
      check: 'custom-mac-unused',
      path: 'custom_mac',
      what: `The build does not take the burned address for its own (CONFIG_${uses}): unless the application asks for it (esp_efuse_mac_get_custom), it keeps the factory's.`,
      remedy: `Set CONFIG_${uses}, or call esp_efuse_mac_get_custom and esp_base_mac_addr_set.`,
    });
  const four = [...options].some(([name, { value }]) => /_UNIVERSAL_MAC_ADDRESSES_FOUR$/.test(name) && value === 'y');
  const span = four ? 4 : 2;
  const numbers = (reading?.rows ?? []).map(({ mac, line }) => ({ line, number: Number.parseInt(mac, 16) }));
  numbers.sort((a, b) => a.number - b.number);
  const close = numbers.find(({ number }, at) => at > 0 && number - numbers[at - 1]!.number < span);
  if (isBase && close !== undefined)
    add({
      severity: 'warning',
      check: 'custom-mac-close',
      file: customMac.list,
      line: close.line,
      what: `The firmware of the ${chip} takes ${span} addresses, from the base address on, for its interfaces, and two of this list are closer than that: two devices would share one.`,
      remedy: `List every ${span === 4 ? 'fourth' : 'second'} address of your range.`,
    });
}
