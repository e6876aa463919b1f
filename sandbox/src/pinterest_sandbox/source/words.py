"""Words that titles, descriptions, tags and poster names are composed of; no sentence is a real row's."""
# ruff: noqa: RUF001 - scripts and punctuation other than ASCII are the point here.

from __future__ import annotations

#: Category -> number of its rows. The categories lie in this order in contiguous ranges of keys.
CATEGORIES = {
    "art": 892,
    "beauty": 746,
    "christmas": 999,
    "diy-and-crafts": 830,
    "education": 863,
    "event-planning": 748,
    "finance": 786,
    "home-decor": 861,
    "mens-fashion": 852,
    "quotes": 910,
    "tattoos": 970,
    "travel": 859,
    "vehicles": 838,
}


def _phrases(text: str) -> tuple[str, ...]:
    return tuple(phrase.strip() for phrase in text.split(","))


#: What a post of the category is about.
THINGS = {
    "art": _phrases(
        "Watercolour Study,Charcoal Portrait,Ink Sketchbook,Oil Landscape,Paper Collage,Clay Figure,"
        "Gouache Palette,Linocut Print,Chalk Mural,Still Life,Line Drawing,Canvas Texture,Colour Wheel,"
        "Figure Sketch,Pastel Sky"
    ),
    "beauty": _phrases(
        "Braided Bun,Lip Tint,Eye Shadow Look,Face Mask,Nail Design,Skin Routine,Curly Fringe,"
        "Bridal Make-Up,Rose Toner,Brow Shape,Hair Oil,Soft Waves,Glow Serum,Short Bob,Eyeliner Wing"
    ),
    "christmas": _phrases(
        "Pine Wreath,Advent Calendar,Gingerbread House,Paper Snowflake,Mantel Garland,Gift Tag,"
        "Stocking Pattern,Tree Topper,Cinnamon Ornament,Nativity Scene,Mulled Cider,Candle Centrepiece,"
        "Felt Reindeer,Winter Village"
    ),
    "diy-and-crafts": _phrases(
        "Macrame Hanger,Bottle Lamp,Felt Flower,Pallet Shelf,Button Frame,Yarn Basket,Paper Lantern,"
        "Jar Terrarium,Stencil Tote,Clay Dish,Cardboard Castle,Ribbon Bow,Bead Bracelet,Fabric Bunting,"
        "Cork Board"
    ),
    "education": _phrases(
        "Phonics Game,Fraction Chart,Reading Corner,Science Journal,Sight Word Card,Story Map,"
        "Number Line,Classroom Poster,Spelling Bingo,Weather Wheel,Grammar Sheet,Morning Work,"
        "Sensory Bin,Lesson Planner"
    ),
    "event-planning": _phrases(
        "Seating Chart,Garden Party,Balloon Arch,Guest List,Table Runner,Venue Checklist,Cake Stand,"
        "Photo Corner,Place Card,Tea Reception,Lantern Aisle,Baby Shower,Picnic Setting,Welcome Sign,"
        "Budget Sheet"
    ),
    "finance": _phrases(
        "Savings Jar,Budget Planner,Debt Snowball,Coupon Binder,Side Income,Pension Guide,"
        "Bill Calendar,Cash Envelope,Grocery List,Credit Score,Rent Ledger,Freelance Invoice,"
        "Money Challenge,Index Fund"
    ),
    "home-decor": _phrases(
        "Reading Nook,Gallery Wall,Linen Curtain,Entry Bench,Rattan Chair,Floating Shelf,"
        "Kitchen Island,Throw Pillow,Copper Lamp,Woven Rug,Window Seat,Bedroom Corner,Plant Stand,"
        "Tiled Bathroom,Oak Sideboard"
    ),
    "mens-fashion": _phrases(
        "Linen Blazer,Denim Jacket,Leather Belt,Wool Coat,Chelsea Boot,Striped Shirt,Canvas Sneaker,"
        "Knit Tie,Pocket Square,Cargo Trouser,Field Watch,Trench Coat,Polo Shirt,Flat Cap,"
        "Tailored Suit"
    ),
    "quotes": _phrases(
        "Morning Thought,Kind Word,Courage Line,Friendship Note,Patience Saying,Quiet Truth,"
        "Love Letter,Life Lesson,Hope Card,Daily Reminder,Healing Phrase,Sister Saying,Dream Verse,"
        "Gratitude List,Letting Go"
    ),
    "tattoos": _phrases(
        "Fern Forearm,Wave Wrist,Compass Shoulder,Fine Line Moth,Peony Sleeve,Mountain Ankle,"
        "Script Rib,Moon Phase,Swallow Neck,Rune Finger,Wolf Chest,Lotus Back,Arrow Calf,"
        "Dotwork Mandala,Tiny Anchor"
    ),
    "travel": _phrases(
        "Coastal Drive,Night Market,Island Ferry,Packing List,Mountain Hut,Old Town Walk,Desert Camp,"
        "Rail Pass,Hidden Beach,Temple Garden,Canal Tour,Weekend Itinerary,Hostel Guide,Volcano Hike,"
        "City Rooftop"
    ),
    "vehicles": _phrases(
        "Cafe Racer,Camper Van,Roadster Engine,Pickup Restoration,Touring Bike,Vintage Coupe,"
        "Electric Scooter,Rally Wagon,Alloy Wheel,Convertible Top,Truck Bed,Dirt Bike,Muscle Car,"
        "Steam Tractor,Roof Rack"
    ),
}

ADJECTIVES = _phrases(
    "Simple,Rustic,Modern,Cosy,Bold,Quiet,Timeless,Playful,Elegant,Budget,Handmade,Colourful,Minimal,"
    "Vintage,Dreamy,Easy,Fresh,Classic,Unique,Stylish,Tiny,Bright,Moody,Festive,Clever,Charming,"
    "Natural,Golden,Soft,Creative,Warm,Whimsical,Scandinavian,Coastal,Urban,Delicate,Striking,Gentle,"
    "Practical,Lovely"
)
OCCASIONS = _phrases(
    "Beginners,Small Spaces,Summer,Autumn Weekends,Busy Mornings,Kids,Teens,Couples,Every Season,"
    "Rainy Days,First Timers,Large Families,Spring,the Holidays,Your Best Friend,Slow Evenings,Mum,Dad,"
    "Students,Travellers"
)
VERBS = _phrases(
    "Make,Plan,Style,Choose,Build,Draw,Find,Love,Keep,Improve,Share,Start,Finish,Copy,Photograph"
)
TAG_ENDINGS = _phrases(
    "Ideas,Inspiration,Tips,Design,Projects,Diy,Aesthetic,Photography,Trends,Patterns,Style,Goals,"
    "Tutorial,Decor"
)
TAG_OWNERS = _phrases("Men's,Women's,Valentine's,Kid's,Mother's,Beginner's")
FOREIGN_TAGS = _phrases("Décoration,Idées Déco,Künstler,Подарки,Ιδέες,手作り,Fikirler,Diseño,Façade,Señorita")

SENTENCES = (
    "Here is a {adj} way to {verb} a {thing} without spending a whole day on it.",
    "We tried {n} versions of the {thing} and this one won by far.",
    "A {adj} {thing} can change the mood of the day, and it is easier than it looks.",
    "Save this for {occasion}: each step has a picture and a short list of what you need.",
    "Stay for the last tip, the one our readers ask for most.",
    "Find out which {thing} suits you, with notes for {occasion}.",
    "After years of looking for a {adj} {thing}, I made my own.",
    "All of it fits in a small bag and costs less than {n} coins.",
    "Free printable inside; print it, fold it, done.",
    "From {adj} to {adj2}, these looks work for {occasion} and beyond.",
    "This {thing} is {adj}, {adj2} and ready in {n} minutes.",
    "Read on for colours, materials and the mistakes that we made first.",
    "Perfect for {occasion}, and just as good the second time around.",
    "Looking for a {adj} {thing}? You've come to the right place.",
)
QUOTED_SENTENCES = (
    'Great for the "{adj}" kind of person who wants a {thing} that lasts.',
    'They call it "the {adj} one", and a {thing} of 6" x 4" is all it takes.',
)
TITLES = (
    "{n} {Adj} {Thing} Ideas for {Occasion}",
    "{Adj} {Thing} Ideas You Will Love",
    "How to {Verb} a {Adj} {Thing}",
    "The {Adj} {Thing} Guide for {Occasion}",
    "{Adj} {Thing}",
    "{Thing} - {Adj} and {Adj2}",
    "{n} Ways to {Verb} Your {Thing} This Year",
    "{Thing} for {Occasion}: {n} Tips",
    "Why We {Verb} the {Adj} {Thing}",
    "{Adj} {Thing} Tutorial | Step by Step for {Occasion}",
    "My {Thing} Is {Adj}, and Yours Can Be {Adj2} Too",
    "{Adj} & {Adj2} {Thing} Collection",
)
ACCENTED_TITLES = (
    "{n} {Adj} {Thing} Ideas – {Occasion}",
    "{Adj} {Thing} — a Step-by-Step Guide",
    "The Maker’s {Thing}: {Adj} & {Adj2}",
    "“{Adj}” {Thing} for {Occasion}",
    "{Thing} à la maison : {n} idées",
    "{Adj} {Thing} für jeden Tag",
    "Diseño {Adj}: {Thing} en {n} minutos",
    "{n} идей для дома: {Thing}",
    "Ιδέες για {Thing} – {Adj}",
    "かわいい {Thing} の作り方",
    "Güzel {Thing} fikirleri ve {n} öneri",
    "Příběh jednoho {Thing}",
)
EMOJI_TITLES = (
    "{Adj} {Thing} 🌿",
    "🎨 {Thing} in {n} Steps 🎨",
    "{Thing} Haul!! 😍😍",
    "Our {Adj} {Thing} 🚐💨",
    "{n} {Thing} Wishes 🎁✨",
)

STUDIO_WORDS = _phrases(
    "Amber,Birch,Copper,Cedar,Clover,Cobalt,Coral,Dapple,Ember,Fable,Fern,Flint,Harbour,Hazel,Heron,"
    "Indigo,Ivy,Juniper,Kestrel,Lantern,Linden,Magpie,Maple,Marble,Meadow,Mellow,Nettle,Oak,Olive,"
    "Orchard,Otter,Pebble,Plum,Quill,Raven,Rowan,Saffron,Sparrow,Tansy,Thistle,Timber,Velvet,Walnut,"
    "Willow,Wren"
)
STUDIO_KINDS = _phrases(
    "Studio,Workshop,Journal,Collective,Diaries,Atelier,& Co,House,Letters,Market,Kitchen,Garage,Press,"
    "Notes,Supply"
)
FIELDS = _phrases(
    "Crafts,Home Ideas,Travel Tips,Printables,Photography,Style Blog,Recipes,Money Tips,Party Plans,"
    "Illustration,Classroom Help,Road Trips,Slow Living,Hair & Beauty,Garden Design"
)
