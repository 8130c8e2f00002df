import { AttributeTypeAndValue, AttributeValue, Name, RelativeDistinguishedName } from '@peculiar/asn1-x509';
import { RecipeFault } from '../model/fault.ts';

/** One attribute of a distinguished name: a name of `nameTypes` or a dotted OID, and its text. */
export interface NameAttribute {
  readonly type: string;
  readonly value: string;
}

interface NameType {
  readonly oid: string;
  /** The upper bound of X.520 in characters. */
  readonly longest: number;
  readonly string: 'utf8' | 'printable' | 'ia5';
}

/** X.520 and RFC 5280, appendix A; domainComponent of RFC 4519. */
export const nameTypes: Readonly<Record<string, NameType>> = {
  commonName: { oid: '2.5.4.3', longest: 64, string: 'utf8' },
  serialNumber: { oid: '2.5.4.5', longest: 64, string: 'printable' },
  countryName: { oid: '2.5.4.6', longest: 2, string: 'printable' },
  localityName: { oid: '2.5.4.7', longest: 128, string: 'utf8' },
  stateOrProvinceName: { oid: '2.5.4.8', longest: 128, string: 'utf8' },
  organizationName: { oid: '2.5.4.10', longest: 64, string: 'utf8' },
  organizationalUnitName: { oid: '2.5.4.11', longest: 64, string: 'utf8' },
  title: { oid: '2.5.4.12', longest: 64, string: 'utf8' },
  dnQualifier: { oid: '2.5.4.46', longest: 64, string: 'printable' },
  domainComponent: { oid: '0.9.2342.19200300.100.1.25', longest: 63, string: 'ia5' },
};

/** Short names of RFC 4514, section 3, as people write them. */
const shortNames: Readonly<Record<string, string>> = {
  CN: 'commonName',
  L: 'localityName',
  ST: 'stateOrProvinceName',
  O: 'organizationName',
  OU: 'organizationalUnitName',
  C: 'countryName',
  DC: 'domainComponent',
};

/** An X.501 name, one attribute a level, in the order given. Throws RecipeFault `certificate.name` for what would not be a valid name. */
export function nameOf(attributes: readonly NameAttribute[]): Name {
  if (attributes.length === 0) throw nameFault('has no attribute');
  return new Name(
    attributes.map((attribute) => {
      const { oid, longest, string } = typeOf(attribute.type);
      const { type, value } = attribute;
      if (value === '' || [...value].length > longest || /\p{Cc}/u.test(value))
        throw nameFault(`has a ${type} that is empty, longer than ${longest} characters, or not printable`);
      if (oid === '2.5.4.6' && !/^[A-Z]{2}$/.test(value))
        throw nameFault(`has a countryName that is not two capital letters`);
      return new RelativeDistinguishedName([
        new AttributeTypeAndValue({ type: oid, value: textAs(type, value, string) }),
      ]);
    }),
  );
}

function typeOf(type: string): NameType {
  const known = nameTypes[shortNames[type] ?? type] ?? Object.values(nameTypes).find(({ oid }) => oid === type);
  if (known !== undefined) return known;
  if (/^[0-2](\.(0|[1-9]\d*)){2,}$/.test(type)) return { oid: type, longest: 256, string: 'utf8' };
  throw nameFault(`has an attribute '${type}', which is neither ${Object.keys(nameTypes).join(', ')} nor an OID`);
}

function textAs(type: string, value: string, string: NameType['string']): AttributeValue {
  if (string === 'utf8') return new AttributeValue({ utf8String: value });
  if (string === 'printable') {
    if (!/^[A-Za-z0-9 '()+,\-./:=?]*$/.test(value))
      throw nameFault(`has a ${type} with a character that PrintableString lacks`);
    return new AttributeValue({ printableString: value });
  }
  // biome-ignore lint/suspicious/noControlCharactersInRegex: IA5 is the whole of ASCII
  if (!/^[\x00-\x7f]*$/.test(value)) throw nameFault(`has a ${type} with a character outside ASCII`);
  return new AttributeValue({ ia5String: value });
}

function nameFault(why: string): RecipeFault {
  return new RecipeFault({
    code: 'certificate.name',
    what: `The name for a certificate ${why}.`,
    next: 'Correct the subject in the recipe.',
  });
}
