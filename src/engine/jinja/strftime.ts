/** Python's `strftime` for a day at midnight, in the C locale. */
import { TemplateError } from './values';

const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];

const two = (value: number): string => String(value).padStart(2, '0');

/** `date` is YYYY-MM-DD. Throws TemplateError for a directive that is not supported. */
export function strftime(date: string, format: string): string {
  const [year, month, day] = date.split('-').map(Number) as [number, number, number];
  const at = new Date(Date.UTC(year, month - 1, day));
  const weekday = at.getUTCDay();
  const ofYear = Math.round((at.getTime() - Date.UTC(year, 0, 1)) / 86_400_000) + 1;
  const [dayName, monthName] = [DAYS[weekday] as string, MONTHS[month - 1] as string];
  const parts: Readonly<{ [directive: string]: string }> = {
    '%': '%',
    a: dayName.slice(0, 3),
    A: dayName,
    b: monthName.slice(0, 3),
    B: monthName,
    c: `${dayName.slice(0, 3)} ${monthName.slice(0, 3)} ${String(day).padStart(2)} 00:00:00 ${year}`,
    d: two(day),
    e: String(day).padStart(2),
    '-d': String(day),
    D: `${two(month)}/${two(day)}/${two(year % 100)}`,
    F: date,
    H: '00',
    '-H': '0',
    I: '12',
    '-I': '12',
    j: String(ofYear).padStart(3, '0'),
    '-j': String(ofYear),
    m: two(month),
    '-m': String(month),
    M: '00',
    '-M': '0',
    p: 'AM',
    S: '00',
    '-S': '0',
    T: '00:00:00',
    f: '000000',
    u: String(weekday || 7),
    w: String(weekday),
    x: `${two(month)}/${two(day)}/${two(year % 100)}`,
    X: '00:00:00',
    y: two(year % 100),
    Y: String(year),
    z: '',
    Z: '',
    n: '\n',
    t: '\t',
  };
  return format.replace(/%(-?[a-zA-Z%])/g, (whole, directive: string) => {
    const part = Object.hasOwn(parts, directive) ? parts[directive] : undefined;
    if (part === undefined) throw new TemplateError(`strftime's ${whole} is not supported`);
    return part;
  });
}
