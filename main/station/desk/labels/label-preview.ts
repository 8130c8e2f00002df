import * as bwip from 'bwip-js/node';
import { fromHex } from '../../../base/bytes.ts';

/** Dots of a label whose template does not say: 50 x 25 mm at 203 dpi. */
const usualWidth = 400;
const usualHeight = 200;

/**
 * The label as it would come out, SVG text, one unit a dot. Drawn: texts (^A0), QR codes (^BQ), Code 128 (^BC), boxes (^GB). What a
 * template uses beyond that is left out: the printer knows it, the preview does not.
 */
export function drawLabel(zpl: string): string {
  const width = Number(/\^PW(\d+)/.exec(zpl)?.[1] ?? usualWidth);
  const height = Number(/\^LL(\d+)/.exec(zpl)?.[1] ?? usualHeight);
  const drawn = zpl
    .split('^FO')
    .slice(1)
    .map((field) => drawField(field.split('^FS')[0]!));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}">`,
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    ...drawn,
    '</svg>',
  ].join('');
}

function drawField(field: string): string {
  const [x = 0, y = 0] = (/^(\d+),(\d+)/.exec(field) ?? []).slice(1).map(Number);
  const data = fieldData(field);
  const qr = /\^BQ[^,]*,[^,]*,(\d+)/.exec(field);
  // Field data of a QR code begins with error correction and input mode: `QA,`.
  if (qr)
    return placed(
      bwip.toSVG({ bcid: 'qrcode', text: data.replace(/^[HQML][AM],/, ''), scale: 1 }),
      x,
      y + 10,
      // its drawing has two units a module
      Number(qr[1]) / 2,
    );
  const bar = /\^BC[^,]*,(\d+)/.exec(field);
  if (bar) return placed(bwip.toSVG({ bcid: 'code128', text: data, scale: 1, height: 10 }), x, y, 2);
  const box = /\^GB(\d+),(\d+),(\d+)/.exec(field);
  if (box)
    return `<rect x="${x}" y="${y}" width="${box[1]}" height="${box[2]}" fill="none" stroke="#000" stroke-width="${box[3]}"/>`;
  const high = Number(/\^A0\w?,(\d+)/.exec(field)?.[1] ?? 24);
  return `<text x="${x}" y="${y + Math.round(high * 0.8)}" font-family="sans-serif" font-size="${high}" fill="#000">${escaped(data)}</text>`;
}

/** A symbol's own drawing as a group at a place, `scale` dots a module. Its numbers come from the symbol, never from the template's text. */
function placed(svg: string, x: number, y: number, scale: number): string {
  const inner = svg.slice(svg.indexOf('>') + 1, svg.lastIndexOf('</svg>'));
  return `<g transform="translate(${x} ${y}) scale(${scale})">${inner}</g>`;
}

/** Text of ^FD with the escapes of ^FH_ taken back: bytes of UTF-8 (^CI28). */
function fieldData(field: string): string {
  const data = /\^FD([^^]*)/.exec(field)?.[1] ?? '';
  return /\^FH_/.test(field)
    ? data.replaceAll(/(?:_[0-9A-Fa-f]{2})+/g, (run) => new TextDecoder().decode(fromHex(run.replaceAll('_', ''))))
    : data;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
