// @ts-check
/**
 * What Python and the stage say to each other, as types: docs/stage.md has the meaning of every field.
 * Nothing here is code; the other files name these types in their comments, and `tsc --checkJs` holds them to it.
 */

/**
 * Numbers as Python sends them: a list, or packed bytes. Colours may come packed too, three bytes each.
 * @typedef {{ dtype: string, bdata: string, shape?: string }} Packed
 * @typedef {{ rgb: string }} PackedColors
 * @typedef {Record<string, unknown>} Json  of a figure: Plotly's own form, which only Plotly reads
 */

/**
 * What the reader wants of Python. `at` is the frame where it was asked, `turn` the last order to move that the browser
 * had followed then, `n` the number it was sent with.
 * @typedef {{ act: string, at?: number, turn?: number | null, n?: number, to?: number, since?: number, ahead?: number,
 *   handle?: string, x?: number, y?: number, live?: boolean, [more: string]: unknown }} Act
 * @typedef {Act & { n: number }} Ask  that was sent
 */

/**
 * One frame of the run: what changes from the frame before. A light one lacks what only a picture needs.
 * @typedef {{ id: string, light?: boolean, set?: Record<string, unknown>, append?: Record<string, unknown[]>,
 *   text?: Record<string, string>, value?: Record<string, number | null>, lit?: string[], chip?: Chip | null, next?: Next | null,
 *   handles?: Handle[], inner_at?: number | null, glide?: Way | null }} Frame
 * @typedef {{ set?: Record<string, Steps>, text?: Record<string, string[]> }} Way  to it from the frame before
 * @typedef {{ each?: any, first?: number[], last?: any }} Steps  what an attribute holds at equal steps of the way
 * @typedef {{ label?: string, name?: string, color?: string }} Chip  its place on the tape
 * @typedef {{ label: string, detail?: string, color?: string, act?: Act }} Next  what the main button says at it
 * @typedef {{ label: string, name: string, color?: string, to: number }} Planned  a chip for what is not made yet
 * @typedef {{ id: string, figure: string, x: number, y: number, label: string, color?: string,
 *   axes?: [string, string], along?: "x" | "y" | null, kind?: undefined }} PlacedHandle  on a figure
 * @typedef {{ id: string, figure: string, label: string, low: number, high: number, value: number, step: number,
 *   scale?: "log" | null, unit?: string | null, kind: "slider" }} SliderHandle  in its card
 * @typedef {PlacedHandle | SliderHandle} Handle
 * @typedef {{ set?: Record<string, unknown>, text?: Record<string, string>, value?: Record<string, number | null>,
 *   lit?: string[], handles?: Handle[], inner_at?: number | null }} Preview  what a handle elsewhere would change
 * @typedef {{ frame: string, shown: Preview | null, refused: string }} Held  over the frame in view
 * @typedef {{ set?: Record<string, unknown>, text?: Record<string, string>, value?: Record<string, number | null> }} Inner
 * @typedef {Inner & { lit: string[], next: string }} Beat  on the way to the next frame: what is lit, and what Next then leads to
 * @typedef {{ frame: string, next: string | null, unit: number, units: number, beats: Beat[], why: string }} Within
 */

/**
 * What stands still.
 * @typedef {{ id: string, colors?: { light?: Colors, dark?: Colors }, equation?: Term[], metrics?: Metric[],
 *   marks?: Mark[], figures: Record<string, Figure>, views: View[], inner?: InnerSlider | null, inside?: Inside | null, glide?: string[],
 *   keys?: Record<string, Act>, help?: { key: string, does: string }[], speeds?: number[], tools?: Tool[], caption: string, said?: string, tones?: Tones | null,
 *   names?: Record<string, string>, glossary?: Record<string, string> } & Grid} Scene
 * @typedef {{ data?: Json[], layout?: Json }} Figure
 * @typedef {{ id: string, title: string, figures: { id: string, label?: string }[], click?: "x" | null,
 *   note?: string | null, apart?: boolean, describe?: string | null, heading?: string | null, tab?: string, formula?: string, hands?: Hands | null,
 *   together?: string | null }} View
 * @typedef {{ figure: string, trace: string, tool: string, put: string, take: string, note: string }} Hands
 * @typedef {{ areas?: { wide?: string[], medium?: string[], low?: string[] }, columns?: BySize,
 *   rows?: BySize }} Grid  as CSS has it, but that the names of views which share a place have + between them
 * @typedef {{ wide?: string, medium?: string, low?: string }} BySize
 * @typedef {{ tex: string, id?: string, color?: string, slot?: string, title?: string, act?: Act | null }} Term
 * @typedef {{ slot: string, label: string, color?: string, title?: string, beside?: string[] }} Metric
 * @typedef {{ slot: string, title: string, color: string }} Mark
 * @typedef {{ view: string, label: string, stops: number[], format?: string, stays?: boolean, says?: string, numbers?: { label: string, slot: string }[],
 *   scale?: string }} InnerSlider
 * @typedef {{ view: string, label: string, title: string, hint: string, previous: string, following: string,
 *   chooses: Record<string, number[] | null> }} Inside  how one steps inside a frame; for traces, the unit of each point
 * @typedef {{ label: string, title: string, of: { slot: string, series?: string | null }[], centre?: [number, number] | null }} Tones  numbers that are heard
 * @typedef {{ act: Act, label: string, title?: string, icon?: import("./icons.js").Icon | null }} Tool
 * @typedef {Record<string, string>} Colors  by name
 */

/**
 * Where the reader is: the frame they came to rest at.
 * @typedef {{ at: number, turn: number | null, n: number }} Place
 *
 * How the reader looks at it: in presenter mode the views that are shown, else those brought to the front, the last one
 * first, each as id or id.figure; what the spotlight is on, a view's id or equation.id; the stop of the finer frames;
 * the beat on the way to the next one, from 1, and the unit that is followed.
 * @typedef {{ present: boolean, views: string[], spot: string | null, inner?: number | null, beat?: number | null,
 *   unit?: number | null }} Look
 */

/**
 * What Python says after every run of the page.
 * @typedef {{ key: string, session: string, returns?: number, scene: Scene, first: number, after: string | null,
 *   frames: Frame[], fills?: { at: number, frame: Frame }[], cursor: number | null, turn: number, entry?: number,
 *   answer: number | null, more?: Act | null, waiting?: boolean, goal?: number | null, paused?: string,
 *   look?: Look, linked?: boolean, bare?: string, ended?: string | null, coming?: Planned[], inner?: { frame: string, frames: Inner[] } | null, inside?: Within | null,
 *   held?: Held | null, idle?: string[], aside?: string, foresees?: number, foreseen?: Foreseen[], lesson?: Lesson | null, room?: Offered | Led | null, withheld?: Withheld | null, alone?: boolean }} Message
 * @typedef {{ id: string, coming: Planned[], ended: string | null, address: string, frame?: Frame }} Foreseen  the frame that comes
 *   next, sent once, and what the message says once the reader is there
 * @typedef {Omit<Message, "scene"> & { scene: Scene | { id: string } }} Told  of a scene that the browser has, only the id
 */

/**
 * A step of a lesson; on a page without one the list alone, where it was asked for. `listing` rises with each time that Python has it opened,
 * `opened` with each time that the step is begun. `reach`: the last frame that the run comes to.
 * @typedef {{ list: Catalogue, listing: number }} Listing
 * @typedef {Listing & { name: string, title: string, step: string, opened: number, steps: { id: string, label: string }[],
 *   before: LessonLink | null, after: LessonLink | null, controls: string[], everything: boolean, locked: boolean, at: number, reach: number,
 *   ask: Question | null, told: Outcome | null, task: TaskState | null, moves: { letter: string, word: string }[] }} LessonStep
 * @typedef {Listing | LessonStep} Lesson
 * @typedef {{ lesson: string, step: string }} LessonLink
 * @typedef {{ lessons: { name: string, title: string, minutes: number, steps: string[] }[], broken: string[] }} Catalogue
 * @typedef {{ kind: string, of: { id: string, label: string }[], options: string[], within: number[], at: number,
 *   mark: { figure: string, x?: number, y?: number, label?: string, color?: string } | null }} Question
 * @typedef {{ parts: { id: string, label: string, given: string | null, true: string, place: number | null, right: boolean | null }[],
 *   because: string }} Outcome  what became of an answer
 * @typedef {{ done: boolean, left: number | null, used: string[], without: string[], at_most: number | null }} TaskState
 */

/**
 * The room that the lecturer leads; before one is open only what is said beforehand. `offered` rises each time that it is to be shown in full. `here`:
 * whether the question is about the view on the page; `at`, `to`: after which frame, about which one; `mark`: of which run. `turn` rises with all that
 * the lecturer does, `revision` with every vote too. `join`: the addresses that lead into it.
 * @typedef {{ offered: number, said: string, about: string }} Offered
 * @typedef {{ offered: number, said: string, code: string, key: string, hint: string, join: { address: string, qr: string }[], hands: boolean,
 *   ballot: number, follow: boolean, here: boolean, at: number, to: number, mark: string, phase: "idle" | "voting" | "closed" | "revealed", round: number,
 *   turn: number, revision: number, question: Asked | null, counts: Counts[], voters: number[],
 *   answer: { right: Record<string, string[]>, because: string } | null }} Led
 * @typedef {{ text: string, parts: { id: string, label: string, options: { id: string, label: string }[] }[] }} Asked
 * @typedef {Record<string, Record<string, number>>} Counts  by part and option
 * @typedef {{ at: number, says: string }} Withheld  beyond this frame there is nothing while a question is open
 */

/**
 * How the page looks, and what Streamlit gives a component.
 * @typedef {{ dark: boolean, font: string, size: number, scale: number, background: string, primary: string, colors: Colors,
 *   signature: string }} Theme
 * @typedef {{ text: string, value?: number | null }} SlotText
 * @typedef {(name: string) => SlotText | undefined} Slots  what a slot holds now
 * @typedef {{ held: (handle: string, x: number, y: number) => void, dropped: (handle: string, x: number, y: number) => void,
 *   cancelled: () => unknown }} HandleEvents  where a handle is in the reader's hand, where they let go of it, or that they did not
 * @typedef {{ parentElement: HTMLElement, data: Told, setStateValue: (name: string, value: Place | Look) => void,
 *   setTriggerValue: (name: string, value: Ask) => void }} Component
 */

export {};
