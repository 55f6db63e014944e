/** Places at which something holds, as an array of four bytes each however many there are. */

/** The numbers below `count` that pass, rising. */
export function placesWhere(count: number, test: (place: number) => boolean): Int32Array {
  const places = new Int32Array(count);
  let found = 0;
  for (let place = 0; place < count; place++) if (test(place)) places[found++] = place;
  return places.slice(0, found);
}
