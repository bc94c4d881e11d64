import { DYADIC, RATIONAL } from '../../../src/engine/num/arith.js';
import { anyDyadic, anyRational } from '../../arbitraries.js';
import { arithLaws, fieldLaws } from '../../laws/arith.js';

arithLaws(DYADIC, anyDyadic());
arithLaws(RATIONAL, anyRational());
fieldLaws(RATIONAL, anyRational());
