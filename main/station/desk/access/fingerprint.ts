/**
 * 256 words, one a byte value: short, common, unlike each other by ear. The list is part of what people compare: its order never changes.
 */
export const fingerprintList: readonly string[] = `
acid acorn actor agent album alley amber anchor angle ankle apple apron arena armor arrow atlas attic autumn bacon
badge baker bamboo banjo barn basil basket beach beaver bell bench berry birch bishop blanket blossom board bonnet
border bottle branch brass bread brick bridge broom brush bucket button cabin cable cactus camel camera candle canoe
canvas carbon cargo carpet carrot castle cedar cello chain chalk cherry chess circus clay cliff clock cloud clover
cobalt coffee comet compass copper coral cotton cradle crane crater cricket crown crystal curtain daisy dancer
desert diamond dinner dolphin donkey dragon drum eagle earth echo eclipse elbow ember engine falcon farmer feather
fender ferry fiddle finger flame flask flute forest fossil fountain fox galaxy garden garlic geyser ginger glacier
globe glove goblet gravel guitar hammer harbor harvest hazel helmet heron hill honey hunter igloo indigo island
ivory jacket jaguar jasmine jelly jewel jungle kayak kettle kitten ladder lagoon lantern laser lemon leopard library
lily lion lizard lobster magnet mango maple marble meadow medal melon meteor mirror monkey moon mountain muffin
museum napkin nectar needle nickel north nutmeg oasis ocean olive onion opera orange orbit orchid otter oyster
paddle palace panda paper parrot pasture peach peanut pebble pelican pencil pepper piano pigeon pillow pilot planet
plum pocket pony poplar potato prism pumpkin quartz rabbit radar raven ribbon river robin rocket saddle saffron
salmon sapphire scarf shadow shell silver spider squid stadium stone summer sunset swan tango tiger timber tulip
tunnel turtle umbrella valley velvet violin walnut water whale willow window winter yacht zebra
`
  .trim()
  .split(/\s+/);

/** The first four bytes of a hash (hex) as four words that two people can compare aloud: `amber-canoe-river-lily`. */
export function fingerprintWords(hash: string): string {
  return [0, 2, 4, 6].map((at) => fingerprintList[Number.parseInt(hash.slice(at, at + 2), 16)]).join('-');
}
