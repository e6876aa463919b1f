"""Common first and last names in alphabetical order: a person of many rows is drawn towards the front."""

from __future__ import annotations


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


FIRST_NAMES = _words(
    """
    Aaron Abigail Adam Adrian Agnes Alan Albert Alexa Alfred Alice Alma Amanda Amber Amelia Amy
    Andrea Andrew Angela Anita Ann Annette Anthony April Arthur Ashley Audrey Austin Barbara
    Beatrice Belinda Benjamin Bernard Beth Betty Beverly Blake Bonnie Brad Brandon Brenda Brian
    Bridget Bruce Bryan Caleb Calvin Cameron Candice Carl Carla Carmen Carol Caroline Casey
    Catherine Cecilia Chad Charles Charlotte Chelsea Cheryl Chris Christina Cindy Claire Clara
    Claudia Clifford Cody Colin Colleen Connie Corey Courtney Craig Crystal Curtis Cynthia Daisy
    Dale Dana Daniel Danielle Darren David Dawn Dean Deborah Denise Dennis Derek Desiree Diana Diane
    Don Donna Doris Dorothy Douglas Duane Dustin Dylan Earl Eddie Edith Edward Edwin Eileen Elaine
    Eleanor Elizabeth Ellen Emily Emma Eric Erica Erin Ernest Esther Ethan Eugene Eva Evan Evelyn
    Faith Felicia Fiona Florence Frances Frank Fred Gabriel Gail Gary Gavin George Gerald Gina Glenn
    Gloria Gordon Grace Grant Greg Gwendolyn Hailey Hannah Harold Harriet Harry Hazel Heather Hector
    Heidi Helen Henry Hilda Holly Howard Hugh Ian Ida Ingrid Irene Iris Isaac Isabel Ivan Jack
    Jackie Jacob James Jamie Jane Janet Jared Jasmine Jason Jean Jeff Jenna Jeremy Jerome Jesse Jill
    Joan Joel John Jonathan Jordan Joseph Joshua Joy Joyce Juan Judith Julia Julian June Justin Kara
    Karen Karl Katherine Kathleen Kay Keith Kelly Kenneth Kevin Kim Kirk Kristen Kyle Lance Larry
    Laura Lauren Laurie Leah Lee Leon Leonard Leslie Lillian Linda Lisa Lloyd Logan Lois Lori Louis
    Lucas Lucy Luis Lydia Lynn Mabel Mackenzie Madison Marc Marcus Margaret Maria Marion Mark Marsha
    Martha Martin Mary Matthew Maureen Max Megan Melanie Melissa Melvin Meredith Michael Michelle
    Miguel Mildred Miles Misty Molly Monica Morgan Nancy Naomi Natalie Nathan Neil Nicholas Nicole
    Nina Noah Nora Norman Olivia Omar Oscar Owen Paige Pamela Patricia Patrick Paul Paula Peggy
    Penny Perry Peter Philip Phyllis Priscilla Rachel Ralph Randall Raymond Rebecca Regina Renee
    Rhonda Richard Rita Robert Robin Roger Ronald Rosa Ross Roy Ruby Russell Ruth Ryan Sabrina Sally
    Samantha Samuel Sandra Sara Scott Sean Seth Shane Shannon Sharon Sheila Shelby Sherry Shirley
    Sierra Simon Sonia Sophia Spencer Stacey Stanley Stella Stephen Stuart Susan Sydney Sylvia
    Tamara Tanya Tara Taylor Teresa Terry Theodore Thomas Tiffany Timothy Tina Todd Tony Tracy
    Travis Trevor Troy Tyler Valerie Vanessa Vera Vernon Veronica Victor Vincent Virginia Vivian
    Walter Wanda Warren Wayne Wendy Wesley William Yolanda Yvonne Zachary Zoe
    """
)

LAST_NAMES = _words(
    """
    Abbott Adkins Aguilar Alexander Allison Alvarado Andersen Andrews Archer Armstrong Arnold Ashby
    Atkinson Austin Avery Ayers Bailey Baldwin Ballard Banks Barber Barker Barnes Barrett Barton
    Bates Bauer Beasley Beck Benson Berger Berry Bishop Blackwell Blair Bolton Booth Bowen Bowman
    Boyd Bradley Branch Brennan Briggs Brock Brooks Bryant Buchanan Burgess Burke Burnett Burton
    Butler Byrd Cabrera Caldwell Calhoun Campos Cannon Cantu Carlson Carney Carpenter Carr Carver
    Casey Castro Chambers Chandler Chapman Chavez Choi Christensen Church Clayton Cochran Coleman
    Collier Combs Conrad Conway Copeland Cortez Cowan Crawford Cross Cruz Cummings Curry Dalton
    Daugherty Dawson Decker Delgado Dennis Dickson Dillon Dixon Dodson Dominguez Donovan Dorsey
    Drake Duarte Dudley Duncan Durham Dyer Eaton Edwards Elliott Ellison Emerson English Escobar
    Espinoza Estes Farley Farmer Faulkner Ferguson Fields Finley Fischer Fitzgerald Fleming Flores
    Foley Forbes Foster Fowler Franco Franklin Freeman Frost Fuentes Gaines Gallagher Galvan Gamble
    Gardner Garner Garrison Gates Gentry Gibbs Gilbert Gillespie Glover Golden Goodwin Gould Graves
    Greene Greer Griffith Grimes Guerra Guzman Haley Hamilton Hammond Hancock Hanson Harding Harmon
    Hartman Hatfield Hayden Hebert Henson Herrera Hickman Hines Hodges Hoffman Holden Hollis Hooper
    Hopkins Houston Hubbard Huffman Humphrey Hurley Ibarra Ingram Irwin Jarvis Jefferson Jennings
    Jimenez Joyce Juarez Kaufman Keller Kemp Kendrick Kerr Khan Kirby Klein Knapp Knox Kramer Lamb
    Lambert Landry Larsen Lawson Leach Leblanc Leonard Levine Lindsey Livingston Logan Lowery Lozano
    Lucero Lyons Macdonald Madden Mahoney Maldonado Mann Manning Marsh Mathews Maxwell Mayer Mcbride
    Mccarthy Mcclain Mcdaniel Mcgee Mcintyre Mckay Mclean Mcpherson Meadows Mejia Melton Mercado
    Merritt Meza Middleton Miranda Molina Monroe Montoya Mooney Moran Morrow Mosley Moyer Mueller
    Mullins Munoz Nash Navarro Newman Nichols Nielsen Nixon Nolan Norris Novak Obrien Oconnor Odom
    Oliver Oneal Orozco Orr Ortega Osborn Owens Pacheco Padilla Palmer Parks Parrish Patrick Payne
    Pearson Pena Perkins Petersen Phelps Pittman Poole Porter Potter Powers Pratt Preston Proctor
    Pruitt Quinn Ramsey Randolph Rasmussen Reese Reilly Reyes Rhodes Richmond Riggs Rivas Roach
    Robbins Rocha Rollins Roman Rosario Roth Rowland Rubio Russo Salas Salinas Sampson Sandoval
    Santos Savage Sawyer Schaefer Schmitt Schroeder Schwartz Sellers Serrano Sexton Shaffer Sharp
    Shepherd Short Silva Simmons Singleton Sloan Small Snyder Solomon Sosa Spears Stafford Stanton
    Stark Steele Stein Stephenson Stokes Stout Strickland Suarez Sweeney Tanner Tate Terrell
    Thornton Tran Trevino Trujillo Tucker Tyson Underwood Valdez Valencia Vance Vaughn Vega
    Velasquez Villa Vincent Wade Wagner Wallace Walls Walters Ware Warner Waters Weaver Weber
    Webster Weiss Wells Werner Whitaker Wiggins Wilcox Wilkins Winters Wolfe Woodard Wyatt Yates
    Yoder York Zamora Zhang Zimmerman
    """
)
