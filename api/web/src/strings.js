// All words of the page in English, French and German, and the plan's own words translated.

/** @type {Record<string, [string, string, string]>} */
const TABLE = {
  tagline: ["Bend and weld on screen first, then in the shop", "Pliez et soudez à l'écran avant l'atelier", "Erst am Bildschirm biegen und schweißen, dann in der Werkstatt"],
  drop: ["Drop a drawing here, or choose a file", "Déposez un plan ici ou choisissez un fichier", "Zeichnung hier ablegen oder Datei wählen"],
  formats: ["DXF flat pattern, STEP folded part or weldment", "Développé DXF, pièce pliée ou assemblage soudé STEP", "DXF-Abwicklung, gefaltetes STEP-Teil oder Schweißteil"],
  examples: ["Or try an example", "Ou essayez un exemple", "Oder ein Beispiel"],
  example_tray: ["Tray, 4 bends", "Bac, 4 plis", "Wanne, 4 Biegungen"],
  example_bracket: ["Bracket, 1 bend", "Équerre, 1 pli", "Winkel, 1 Biegung"],
  example_t_joint: ["T joint, 2 welds", "Joint en T, 2 soudures", "T-Stoß, 2 Nähte"],
  cell: ["Cell", "Cellule", "Zelle"],
  material: ["Material", "Matière", "Werkstoff"],
  thickness: ["Thickness, mm", "Épaisseur, mm", "Dicke, mm"],
  angle: ["Bend angle, °", "Angle de pliage, °", "Biegewinkel, °"],
  plan: ["Plan the job", "Planifier", "Planen"],
  jobs: ["Jobs", "Travaux", "Aufträge"],
  noJobs: ["No jobs yet.", "Aucun travail.", "Noch keine Aufträge."],
  queued: ["waiting", "en attente", "wartet"],
  running: ["planning", "planification", "wird geplant"],
  done: ["done", "terminé", "fertig"],
  failed: ["failed", "échec", "fehlgeschlagen"],
  cancelled: ["cancelled", "annulé", "abgebrochen"],
  cancel: ["Cancel", "Annuler", "Abbrechen"],
  open: ["Open", "Ouvrir", "Öffnen"],
  key: ["This server asks for a key.", "Ce serveur demande une clé.", "Dieser Server verlangt einen Schlüssel."],
  keyLabel: ["API key", "Clé d'API", "API-Schlüssel"],
  use: ["Use", "Utiliser", "Verwenden"],
  back: ["All jobs", "Tous les travaux", "Alle Aufträge"],
  verified: ["Verified", "Vérifié", "Geprüft"],
  verifiedWhy: ["Planner and a second engine agree; the program text was read back and run", "Le planificateur et un second moteur concordent ; le programme a été relu et exécuté", "Planer und zweite Prüfung stimmen überein; der Programmtext wurde zurückgelesen und ausgeführt"],
  refused: ["Not verified", "Non vérifié", "Nicht geprüft"],
  cycle: ["Cycle time", "Temps de cycle", "Taktzeit"],
  perHour: ["Parts per hour", "Pièces par heure", "Teile pro Stunde"],
  bends: ["Bends", "Plis", "Biegungen"],
  regrips: ["Regrips", "Reprises", "Umgriffe"],
  clearance: ["Clearance", "Distance", "Abstand"],
  clearanceFree: ["Closest in free moves", "Minimum en déplacement libre", "Kleinster Abstand bei freien Wegen"],
  limit: ["limit of free moves", "limite des déplacements libres", "Grenze für freie Wege"],
  play: ["Play", "Lire", "Abspielen"],
  pause: ["Pause", "Pause", "Pause"],
  speed: ["Speed", "Vitesse", "Tempo"],
  time: ["Time", "Temps", "Zeit"],
  toStart: ["To the start", "Au début", "Zum Anfang"],
  overview: ["Overview", "Ensemble", "Übersicht"],
  front: ["Front", "Face", "Vorn"],
  side: ["Side", "Côté", "Seite"],
  top: ["Top", "Dessus", "Oben"],
  follow: ["Follow", "Suivre", "Folgen"],
  section: ["Section", "Coupe", "Schnitt"],
  flip: ["Other side", "Autre côté", "Andere Seite"],
  axis: ["Axis", "Axe", "Achse"],
  position: ["Position", "Position", "Lage"],
  measure: ["Measure", "Mesurer", "Messen"],
  measureHow: ["Click two points", "Cliquez deux points", "Zwei Punkte anklicken"],
  timeline: ["Timeline", "Chronologie", "Zeitplan"],
  program: ["Program", "Programme", "Programm"],
  findings: ["Findings", "Constats", "Befunde"],
  noFindings: ["Nothing to report.", "Rien à signaler.", "Keine Befunde."],
  language: ["Language", "Langage", "Sprache"],
  file: ["File", "Fichier", "Datei"],
  download: ["Download", "Télécharger", "Herunterladen"],
  loading: ["Loading", "Chargement", "Wird geladen"],
  noProgram: ["There is no program: the plan is not verified.", "Pas de programme : le plan n'est pas vérifié.", "Kein Programm: der Plan ist nicht geprüft."],
  noTimes: ["Times are known for the robot's own language only.", "Les temps ne sont connus que pour le langage du robot.", "Zeiten gibt es nur für die Sprache des Roboters."],
  share: ["Share", "Partager", "Teilen"],
  copied: ["Link copied", "Lien copié", "Link kopiert"],
  offline: ["Offline file", "Hors ligne", "Offline-Datei"],
  offlineWhy: ["One file to mail: opens without a server or network", "Un seul fichier à envoyer : s'ouvre sans serveur ni réseau", "Eine Datei zum Verschicken: öffnet ohne Server und Netz"],
  print: ["Print", "Imprimer", "Drucken"],
  compare: ["Compare", "Comparer", "Vergleichen"],
  compareWith: ["Compare with", "Comparer à", "Vergleichen mit"],
  before: ["Before", "Avant", "Vorher"],
  after: ["After", "Après", "Nachher"],
  close: ["Close", "Fermer", "Schließen"],
  menu: ["Interface language", "Langue de l'interface", "Sprache der Oberfläche"],
  robot: ["Robot", "Robot", "Roboter"],
  ram: ["Ram", "Tablier", "Oberwange"],
  gauge: ["Gauge", "Butée", "Anschlag"],
  grip: ["Grip", "Prise", "Griff"],
  arc: ["Arc", "Arc", "Lichtbogen"],
  positioner: ["Positioner", "Vireur", "Drehtisch"],
  kind_weld: ["welds", "soude", "schweißt"],
  seams: ["Seams", "Cordons", "Nähte"],
  arcOn: ["Arc on", "Arc allumé", "Lichtbogenzeit"],
  position_weld: ["Position", "Position", "Position"],
  length: ["Length", "Longueur", "Länge"],
  procedure: ["Procedure", "Procédure", "Verfahren"],
  kind_free: ["free move", "déplacement libre", "freier Weg"],
  kind_linear: ["straight move", "déplacement droit", "gerader Weg"],
  kind_follow: ["follows the sheet", "suit la tôle", "folgt dem Blech"],
  kind_wait: ["waits", "attend", "wartet"],
  nearest: ["Nearest approach in free moves", "Approche minimale en déplacement libre", "Größte Annäherung bei freien Wegen"],
  between: ["between", "entre", "zwischen"],
  and: ["and", "et", "und"],
  error: ["error", "erreur", "Fehler"],
  warning: ["warning", "avertissement", "Warnung"],
  info: ["note", "note", "Hinweis"],
  line: ["Lines", "Lignes", "Linien"],
  angleCol: ["Angle", "Angle", "Winkel"],
  tools: ["Tools", "Outils", "Werkzeuge"],
  force: ["Force", "Force", "Kraft"],
  gaugeX: ["Gauge X", "Butée X", "Anschlag X"],
  ramSpeed: ["Ram speed", "Vitesse tablier", "Biegetempo"],
  setup: ["Setup sheet", "Fiche de réglage", "Einrichteblatt"],
  view3d: ["The cell in 3D. Drag to turn, scroll to zoom.", "La cellule en 3D. Glisser pour tourner, molette pour zoomer.", "Die Zelle in 3D. Ziehen dreht, Rad zoomt."],
  noRecording: ["There is nothing to play: the job has no plan. See the findings.", "Rien à lire : le travail n'a pas de plan. Voir les constats.", "Nichts abzuspielen: kein Plan. Siehe Befunde."],
  keys: ["Space plays, arrows step, Home rewinds, 1–5 change the view", "Espace : lecture, flèches : pas, Début : retour, 1–5 : vues", "Leertaste spielt, Pfeile schrittweise, Pos1 zum Anfang, 1–5 Ansichten"],
  problem: ["This did not work", "Cela n'a pas fonctionné", "Das hat nicht geklappt"],
  difference: ["Difference", "Différence", "Unterschied"],
};

/** Words of plans: steps and phases. @type {Record<string, [string, string]>} */
const PLAN = {
  pick: ["prise", "Aufnehmen"], centre: ["centrage", "Zentrieren"], stack: ["empilage", "Ablegen"], home: ["repos", "Grundstellung"], bend: ["pli", "Biegung"],
  "regrip before bend": ["reprise avant pli", "Umgriff vor Biegung"], approach: ["approche", "Anfahren"], reach: ["descente", "Heranfahren"], grip: ["saisir", "Greifen"],
  lift: ["lever", "Abheben"], carry: ["transport", "Tragen"], "put down": ["poser", "Absetzen"], release: ["lâcher", "Loslassen"], "back off": ["dégager", "Abrücken"],
  slide: ["glisser", "Rutschen"], travel: ["trajet", "Fahren"], insert: ["insérer", "Einlegen"], gauge: ["butée", "Anschlagen"], close: ["fermer", "Schließen"],
  pinch: ["pincer", "Klemmen"], retract: ["retrait butée", "Anschlag zurück"], follow: ["suivre", "Folgen"], open: ["ouvrir", "Öffnen"], withdraw: ["retirer", "Herausfahren"],
  seam: ["cordon", "Naht"], weld: ["souder", "Schweißen"], clean: ["nettoyage", "Reinigen"], search: ["recherche", "Suchen"], index: ["indexer", "Drehen"],
  clear: ["dégagé", "Frei"], regrip: ["reprise", "Umgriff"],
};

export const LANGUAGES = /** @type {const} */ (["en", "fr", "de"]);
let current = 0;

/** @param {string} code */
export function setLanguage(code) {
  current = Math.max(LANGUAGES.indexOf(/** @type {any} */ (code)), 0);
  document.documentElement.lang = LANGUAGES[current];
}

export function language() {
  return LANGUAGES[current];
}

/** The browser's own language where the page has it. */
export function preferred() {
  return navigator.languages.map((one) => one.slice(0, 2)).find((one) => LANGUAGES.includes(/** @type {any} */ (one))) ?? "en";
}

/** @param {string} key of the table; an unknown word comes back as it is */
export function t(key) {
  return TABLE[key]?.[current] ?? key;
}

/** A step or phase in the reader's language: `bend 3`. @param {string} words */
export function planWords(words) {
  if (current === 0) return words;
  const [, name, number] = /** @type {RegExpExecArray} */ (/^(.*?)( \d+)?$/.exec(words));
  return (PLAN[name]?.[current - 1] ?? name) + (number ?? "");
}

/** A figure as the reader's language writes it. @param {number|null|undefined} value @param {number} [digits] */
export function figure(value, digits = 1) {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  return value.toLocaleString(language(), { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

export { TABLE };
