/** Role of which every station's role is a member: what all of them may. */
export const stationGroup = 'fuseline_station';

/** Role of which whoever looks at the whole plant is a member: reads what the plant screen shows, no body of a row, and writes nothing. */
export const viewerGroup = 'fuseline_viewer';

/** Role of stations that may witness the heads of the others. */
export const witnessGroup = 'fuseline_witness';
